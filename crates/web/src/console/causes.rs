//! What an errno means for this call on this socket in this room, where that is known. A cause is named only where it is;
//! otherwise the table of errnos has the word.

use proto::{
    address::Address,
    call::{Call, Kind},
    errno::Errno,
    room::BY_HAND,
};

use super::{
    refusal::refused,
    remedy::{FailureContext, Remedy},
    room_sockets::{KnownSocket, RoomSockets},
    state::{Descriptor, Stage},
};
use crate::visible::excerpt;

/// Longest name of a program in a sentence, in characters.
const NAME: usize = 80;

/// What can be said more exactly than the table of errnos says it.
#[derive(Default)]
pub struct Words {
    /// What it means here.
    pub sentence: Option<String>,
    /// What to try.
    pub hint: Option<String>,
    /// What the page can do.
    pub remedy: Option<Remedy>,
}

impl Words {
    fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: Some(sentence.into()), ..Self::default() }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What is known of a failure with this errno.
pub fn errno_words(call: &Call, errno: Errno, known: FailureContext<'_>) -> Words {
    let stage = known.descriptor.map(|descriptor| descriptor.stage);
    if let Some(words) = unix_words(call, errno) {
        return words;
    }
    let port_of = |address: &Address| address.port().unwrap_or_default();
    match (errno, call) {
        (Errno::ECONNREFUSED, Call::Connect { address, .. }) => match refused(address, known.around) {
            Some(refusal) => Words {
                sentence: Some(refusal.sentence),
                hint: Some(refusal.hint),
                remedy: refusal.remedy,
            },
            None => Words::new(format!(
                "Connection refused. The machine answered, but nothing listens on port {} there.",
                port_of(address)
            )),
        },
        (Errno::ECONNREFUSED, _) => refused_before(known.descriptor),
        (Errno::EADDRINUSE, Call::Bind { address, .. }) => taken_port(port_of(address), known.around),
        (Errno::EADDRINUSE, Call::Listen { .. }) => {
            Words::new("Another socket of this machine listens on that port.")
        }
        (Errno::EINVAL, Call::Accept { .. }) => {
            Words::new("This socket does not listen.").hint("First listen(), then accept().")
        }
        (Errno::EINVAL, Call::Bind { .. }) => Words::new("This socket has a port already.")
            .hint("A socket is bound once: make a new one for another port."),
        (Errno::EACCES, Call::Bind { address, .. }) if port_of(address) < 1024 => {
            Words::new(format!("Port {} is below 1024: those need privileges.", port_of(address)))
                .hint("Choose a port from 1024 on.")
        }
        (Errno::EINTR, Call::Connect { .. }) => Words::new(
            "Cancelled. The kernel goes on trying by itself: the socket stays in SYN_SENT until it is closed.",
        )
        .hint(""),
        (Errno::EINTR, _) => Words::new("Cancelled. The socket is as it was.").hint(""),
        (Errno::EPIPE, _) => broken_pipe(known.descriptor),
        (Errno::ENOTCONN, Call::Recv { .. } | Call::RecvFrom { .. }) => {
            Words::new("This socket has no other end to receive from.")
        }
        (Errno::EADDRNOTAVAIL | Errno::ENETUNREACH, Call::Bind { address, .. } | Call::Connect { address, .. })
            if address.ip().is_some_and(|ip| ip.is_ipv6()) =>
        {
            Words::new("This machine has no IPv6 address: the rooms of this lab have IPv4 only.")
                .hint("Use an IPv4 address or a name, with AF_INET.")
        }
        (Errno::EADDRNOTAVAIL, Call::Connect { .. }) => {
            Words::new("The kernel found no address and port of this machine to call from.").hint("")
        }
        (Errno::ETIMEDOUT, Call::Connect { address, .. }) => {
            let full = known.around.full_queue(address).map(|(queued, places)| {
                format!(
                    "Nobody answered: the server's queue is full ({queued} of {places}), so Linux drops each SYN without a word."
                )
            });
            Words { sentence: full, ..Words::default() }
        }
        (Errno::EAGAIN, Call::Accept { .. }) if stage == Some(Stage::Listening) => {
            Words::new("Nobody waits to be accepted right now, and the call was told not to wait.")
        }
        _ => Words::default(),
    }
}

/// What an errno means for a call with a name of AF_UNIX: both ends are on one machine, and there is no port.
fn unix_words(call: &Call, errno: Errno) -> Option<Words> {
    let (Call::Bind { address, .. } | Call::Connect { address, .. } | Call::SendTo { address, .. }) = call
    else {
        return None;
    };
    let Address::Unix(name) = address else { return None };
    let name = excerpt(&name.to_string(), NAME);
    Some(match (errno, call) {
        (Errno::EADDRINUSE, _) => Words::new(format!("{name} is there already on this machine."))
            .hint("A socket's path stays when its program ends. Remove it before bind(): os.unlink(path)."),
        (Errno::EINVAL, Call::Bind { .. }) => Words::new("This socket has a name already.")
            .hint("A socket is bound once: make a new one for another path."),
        (Errno::ENOENT, Call::Bind { .. }) => Words::new(format!("The folder of {name} is not there."))
            .hint("Make it first, or choose another path."),
        (Errno::ENOENT, _) => Words::new(format!("There is no socket at {name} on this machine."))
            .hint("Run the server first, on the same machine: these sockets reach no other one."),
        (Errno::ECONNREFUSED, _) => Words::new(format!("Nobody listens at {name} on this machine."))
            .hint("Is the server running, on this machine? Its path may be left from an earlier run."),
        (Errno::EPROTOTYPE, _) => Words::new(format!("The socket at {name} is of another type."))
            .hint("SOCK_STREAM connects to SOCK_STREAM, SOCK_DGRAM to SOCK_DGRAM."),
        (Errno::EINTR, _) => Words::new("Cancelled. The socket is as it was.").hint(""),
        _ => return None,
    })
}

/// A refusal that a later call is told of.
fn refused_before(descriptor: Option<&Descriptor>) -> Words {
    match descriptor.map(|descriptor| descriptor.kind) {
        Some(Kind::Datagram) => {
            Words::new("An earlier datagram found nobody: the machine answered that nothing listens there.")
        }
        Some(Kind::Stream) => {
            Words::new("The connection that was being opened was refused: nothing listens there.")
        }
        None => {
            Words::new("An earlier packet found nobody: the machine answered that nothing listens there.")
        }
    }
}

/// Three different things have this one number.
fn broken_pipe(descriptor: Option<&Descriptor>) -> Words {
    match descriptor {
        Some(own) if own.write_shut => {
            Words::new("This program has shut the writing half of this socket down itself: nothing can be sent on it any more.")
                .hint("Send all you have before shutdown(). What the other side sends can still be received.")
        }
        Some(own) if matches!(own.stage, Stage::Fresh | Stage::Bound | Stage::Listening) => {
            Words::new("This socket has no connection: there is nobody to read this.")
                .hint("connect() first; on a server send on the socket that accept() returned.")
        }
        Some(_) => Words::new("This connection is broken off: nobody will read this.")
            .hint("Look on the wire for the other side's FIN and RST."),
        None => Words::default(),
    }
}

fn taken_port(port: u16, around: &RoomSockets) -> Words {
    if let Some(seen) = around.own_listener(port) {
        return Words::new(format!("Port {port} is taken: {} listens there.", owner(seen))).hint(
            "End that first, or choose another port. SO_REUSEADDR does not help against a socket that listens.",
        );
    }
    let reuse =
        "Set SO_REUSEADDR before bind(), from the first run on, or give this machine a fresh network.";
    match around.time_wait_left(port) {
        Some(seconds) => Words {
            remedy: Some(Remedy::FreshNetwork),
            ..Words::new(format!(
                "Port {port} is still taken: an old connection rests in TIME_WAIT for {seconds} s more."
            ))
            .hint(reuse)
        },
        None => Words::new(format!(
            "Port {port} is still taken: by another socket, or by an old connection that rests in TIME_WAIT."
        ))
        .hint(reuse),
    }
}

fn owner(seen: &KnownSocket) -> String {
    match seen.program.as_deref() {
        Some(BY_HAND) => "a socket of this machine that was made by hand".to_owned(),
        Some(program) => format!("{} on this machine", excerpt(program, NAME)),
        None => "another socket of this machine".to_owned(),
    }
}
