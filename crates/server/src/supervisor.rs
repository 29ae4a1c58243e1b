//! Tells the program's supervisor how it is, as systemd wants it (sd_notify(3)): datagrams to the socket that it names.
//! The socket is connected before the process is confined, and only written to afterwards.

use std::{
    env,
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    },
};

/// The supervisor, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Supervisor(Option<UnixDatagram>);

impl Supervisor {
    /// Whoever `NOTIFY_SOCKET` names: a path, or after `@` a name of Linux's own (unix(7)).
    pub(crate) fn find() -> Self {
        let Some(name) = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
            return Self::default();
        };
        let connected = || {
            let address = match name.as_bytes().strip_prefix(b"@") {
                Some(name) => SocketAddr::from_abstract_name(name)?,
                None => SocketAddr::from_pathname(&name)?,
            };
            let socket = UnixDatagram::unbound()?;
            socket.connect_addr(&address)?;
            socket.set_nonblocking(true)?;
            std::io::Result::Ok(socket)
        };
        match connected() {
            Ok(socket) => Self(Some(socket)),
            Err(error) => {
                tracing::warn!(%error, "the supervisor that NOTIFY_SOCKET names cannot be told anything");
                Self::default()
            }
        }
    }

    /// It serves.
    pub(crate) fn ready(&self) {
        self.tell("READY=1\nSTATUS=serves");
    }

    /// It makes no new rooms and lives on with those there are.
    pub(crate) fn retiring(&self) {
        self.tell("STOPPING=1\nSTATUS=makes no new rooms, ends with the last one");
    }

    /// It closes sessions.
    pub(crate) fn ending(&self) {
        self.tell("STOPPING=1\nSTATUS=closes sessions");
    }

    fn tell(&self, what: &str) {
        let Some(socket) = &self.0 else { return };
        if let Err(error) = socket.send(what.as_bytes()) {
            tracing::warn!(%error, "the supervisor does not listen");
        }
    }
}
