//! The one table of errno values: Linux number, name, what strerror(3) says, one plain sentence, one hint.
//!
//! Numbers are Linux's on x86-64 and arm64 (asm-generic), whatever the page runs on.

use serde::{Deserialize, Serialize};

/// A Linux errno. Unknown numbers survive: see errno(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Errno(pub i32);

/// What is known about an errno.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrnoEntry {
    /// Linux number.
    pub number: i32,
    /// Name in errno(3).
    pub name: &'static str,
    /// strerror(3) in glibc.
    pub message: &'static str,
    /// One plain sentence for a learner.
    pub sentence: &'static str,
    /// What to try.
    pub hint: &'static str,
}

macro_rules! errno {
    ($($name:ident = $number:literal, $message:literal, $sentence:literal, $hint:literal;)*) => {
        impl Errno {
            $(#[doc = concat!("`", stringify!($name), "` (", stringify!($number), "): ", $message, ".")]
            pub const $name: Self = Self($number);)*

            /// Every known errno, in order of number.
            pub const TABLE: &'static [ErrnoEntry] = &[
                $(ErrnoEntry { number: $number, name: stringify!($name), message: $message,
                    sentence: $sentence, hint: $hint },)*
            ];
        }
    };
}

errno! {
    EPERM = 1, "Operation not permitted", "This is not allowed here.", "The kernel asks for a privilege that this program does not have.";
    ENOENT = 2, "No such file or directory", "There is no socket at that path on this machine, or the epoll does not watch that number.", "Is the server running, and has it bound to this path? Each machine has its own. What an epoll is to watch it is told first.";
    EINTR = 4, "Interrupted system call", "The call was cancelled while it waited.", "Nothing is wrong: somebody pressed Cancel or Stop.";
    EIO = 5, "Input/output error", "The kernel reports an error of a device.", "Make a new socket and try again.";
    EBADF = 9, "Bad file descriptor", "This number names no open socket of this program.", "Was it closed already, or never made?";
    EAGAIN = 11, "Resource temporarily unavailable", "There is nothing to do right now, and the call was told not to wait.", "Wait with poll, or let the call wait.";
    ENOMEM = 12, "Cannot allocate memory", "The kernel has no memory left for this.", "Close sockets that you no longer need.";
    EACCES = 13, "Permission denied", "The kernel does not allow this address.", "Ports below 1024 need privileges; broadcast needs SO_BROADCAST.";
    EFAULT = 14, "Bad address", "The kernel was given a place in memory that is not the program's.", "This should not happen here; please report it.";
    EBUSY = 16, "Device or resource busy", "It is in use by something else.", "Try again in a moment.";
    EEXIST = 17, "File exists", "The epoll watches this number already.", "modify() changes what it is watched for.";
    ENODEV = 19, "No such device", "There is no such network device.", "Has the machine a cable?";
    EINVAL = 22, "Invalid argument", "The call makes no sense for this socket as it is now.", "Bound twice? accept() before listen()? listen() on a connected socket?";
    ENFILE = 23, "Too many open files in system", "The whole computer has no descriptors left.", "Ask whoever runs this server.";
    EMFILE = 24, "Too many open files", "This program's descriptor table is full.", "Close sockets that you no longer need: who forgot to?";
    ENOSPC = 28, "No space left on device", "There is no room left for this.", "Free something and try again.";
    EPIPE = 32, "Broken pipe", "The connection cannot be written to any more; nobody will read this.", "The other side has closed, or this side shut down its writing half, or it was never connected.";
    ELOOP = 40, "Too many levels of symbolic links", "Epolls would watch one another in a circle, or too many in a row.", "Watch the sockets, and not their epolls.";
    ENOTSOCK = 88, "Socket operation on non-socket", "This descriptor is not a socket.", "Check which descriptor you used.";
    EDESTADDRREQ = 89, "Destination address required", "The kernel does not know where to send this.", "Use sendto() with an address, or connect() first.";
    EMSGSIZE = 90, "Message too long", "The datagram is larger than one packet can be.", "Send less than 65,508 bytes.";
    EPROTOTYPE = 91, "Protocol wrong type for socket", "The protocol does not fit the socket's type.", "SOCK_STREAM is TCP, SOCK_DGRAM is UDP.";
    ENOPROTOOPT = 92, "Protocol not available", "This socket does not know that option.", "TCP options only fit TCP sockets.";
    EPROTONOSUPPORT = 93, "Protocol not supported", "The kernel does not know this protocol here.", "Use AF_INET with SOCK_STREAM or SOCK_DGRAM.";
    EOPNOTSUPP = 95, "Operation not supported", "This kind of socket cannot do that.", "listen() and accept() are for SOCK_STREAM.";
    EAFNOSUPPORT = 97, "Address family not supported by protocol", "The address is of another family than the socket.", "An AF_INET socket takes IPv4 addresses.";
    EADDRINUSE = 98, "Address already in use", "This port is still taken on this machine.", "Another socket has it, or an old connection rests in TIME_WAIT. Set SO_REUSEADDR before bind(), from the first run on, or choose another port.";
    EADDRNOTAVAIL = 99, "Cannot assign requested address", "This machine does not have that address.", "bind() takes one of the machine's own addresses, or '' for all of them.";
    ENETDOWN = 100, "Network is down", "The machine's network is switched off.", "Mend its cable.";
    ENETUNREACH = 101, "Network is unreachable", "This machine knows no way to that address; no packet was sent.", "Is its cable cut? Machines of this room have addresses 10.0.0.x.";
    ECONNABORTED = 103, "Software caused connection abort", "The connection was destroyed on this machine.", "Make a new socket and connect again.";
    ECONNRESET = 104, "Connection reset by peer", "The other side broke the connection off with a RST.", "As it does when it closes with unread data, or when its program is gone.";
    ENOBUFS = 105, "No buffer space available", "The kernel has no buffer left for this.", "Send less, or more slowly.";
    EISCONN = 106, "Transport endpoint is already connected", "This socket is connected already.", "One socket, one connection: make a new one.";
    ENOTCONN = 107, "Transport endpoint is not connected", "This socket is not connected to anybody.", "connect() first; on a server use the socket that accept() returned.";
    ETOOMANYREFS = 109, "Too many references: cannot splice", "Too many descriptors are on their way in sockets that nobody reads.", "Receive those that were sent before.";
    ETIMEDOUT = 110, "Connection timed out", "The kernel tried again and again, and nobody answered.", "Is the machine there? Is its cable cut, or the server's queue full?";
    ECONNREFUSED = 111, "Connection refused", "The machine answered, but nothing listens on that port there.", "Is the server running? On which machine does \"localhost\" mean you?";
    EHOSTDOWN = 112, "Host is down", "The other machine does not answer.", "Is it switched on?";
    EHOSTUNREACH = 113, "No route to host", "There is no machine with that address on the wire.", "Look at the list of machines in this room.";
    EALREADY = 114, "Operation already in progress", "A connect() is already under way on this socket.", "Wait for it with poll, or make another socket.";
    EINPROGRESS = 115, "Operation now in progress", "The connect() has begun and goes on by itself.", "Wait with poll until it can be written to, then read SO_ERROR.";
    ECANCELED = 125, "Operation canceled", "The operation was given up.", "Try again.";
}

impl Errno {
    /// The table's entry, if this errno is known.
    pub fn entry(self) -> Option<&'static ErrnoEntry> {
        Self::TABLE.binary_search_by_key(&self.0, |entry| entry.number).ok().map(|at| &Self::TABLE[at])
    }

    /// The name in errno(3), or `E?` for one that is not in the table.
    pub fn name(self) -> &'static str {
        self.entry().map_or("E?", |entry| entry.name)
    }

    /// What strerror(3) says.
    pub fn message(self) -> &'static str {
        self.entry().map_or("Unknown error", |entry| entry.message)
    }
}

impl std::fmt::Display for Errno {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[Errno {}] {}", self.0, self.message())
    }
}

#[cfg(test)]
mod tests {
    use super::Errno;

    #[test]
    fn table_is_sorted_so_that_the_search_finds_every_entry() {
        for entry in Errno::TABLE {
            assert_eq!(Errno(entry.number).entry(), Some(entry), "{}", entry.name);
        }
    }

    #[test]
    fn unknown_numbers_survive() {
        assert_eq!(Errno(4095).to_string(), "[Errno 4095] Unknown error");
    }
}
