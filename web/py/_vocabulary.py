"""What `socket` and `select` have of Linux's words, in the protocol's own form."""

# Words and numbers of socket programming, from crates/core/src/{vocabulary,call,limits}.rs.
# Not to be edited: WIRESIDE_WRITE=1 cargo test --workspace --test vocabulary

# Address families.
AF_INET = 2
AF_INET6 = 10
AF_UNIX = 1
FAMILIES = {
    AF_INET: "Inet",
    AF_INET6: "Inet6",
    AF_UNIX: "Unix",
}

# Types of sockets, with the protocol of each.
SOCK_STREAM = 1
SOCK_DGRAM = 2
KINDS = {
    SOCK_STREAM: ("Stream", 6),
    SOCK_DGRAM: ("Datagram", 17),
}

# Directions of shutdown(2).
SHUT_RD = 0
SHUT_WR = 1
SHUT_RDWR = 2
HOW = {
    SHUT_RD: "Read",
    SHUT_WR: "Write",
    SHUT_RDWR: "Both",
}

# Levels of options.
SOL_SOCKET = 1
IPPROTO_IP = 0
IPPROTO_TCP = 6
IPPROTO_IPV6 = 41
# (level, number): (name in C, name in the protocol, form of its value)
OPTIONS = {
    (SOL_SOCKET, 2): ("SO_REUSEADDR", "ReuseAddr", "Bool"),
    (SOL_SOCKET, 15): ("SO_REUSEPORT", "ReusePort", "Bool"),
    (SOL_SOCKET, 9): ("SO_KEEPALIVE", "KeepAlive", "Bool"),
    (SOL_SOCKET, 6): ("SO_BROADCAST", "Broadcast", "Bool"),
    (SOL_SOCKET, 13): ("SO_LINGER", "Linger", "Linger"),
    (SOL_SOCKET, 8): ("SO_RCVBUF", "RcvBuf", "Int"),
    (SOL_SOCKET, 7): ("SO_SNDBUF", "SndBuf", "Int"),
    (SOL_SOCKET, 4): ("SO_ERROR", "Error", "Int"),
    (SOL_SOCKET, 3): ("SO_TYPE", "Type", "Int"),
    (SOL_SOCKET, 30): ("SO_ACCEPTCONN", "AcceptConn", "Bool"),
    (SOL_SOCKET, 10): ("SO_OOBINLINE", "OobInline", "Bool"),
    (IPPROTO_TCP, 1): ("TCP_NODELAY", "NoDelay", "Bool"),
    (IPPROTO_TCP, 12): ("TCP_QUICKACK", "QuickAck", "Bool"),
    (IPPROTO_TCP, 3): ("TCP_CORK", "Cork", "Bool"),
    (IPPROTO_TCP, 18): ("TCP_USER_TIMEOUT", "UserTimeout", "Int"),
    (IPPROTO_TCP, 4): ("TCP_KEEPIDLE", "KeepIdle", "Int"),
    (IPPROTO_TCP, 5): ("TCP_KEEPINTVL", "KeepIntvl", "Int"),
    (IPPROTO_TCP, 6): ("TCP_KEEPCNT", "KeepCnt", "Int"),
    (IPPROTO_IP, 2): ("IP_TTL", "Ttl", "Int"),
    (IPPROTO_IPV6, 26): ("IPV6_V6ONLY", "V6Only", "Bool"),
    (SOL_SOCKET, 20): ("SO_RCVTIMEO", "RcvTimeo", "Bytes"),
    (SOL_SOCKET, 21): ("SO_SNDTIMEO", "SndTimeo", "Bytes"),
    (SOL_SOCKET, 19): ("SO_SNDLOWAT", "SndLowat", "Int"),
    (SOL_SOCKET, 39): ("SO_DOMAIN", "Domain", "Int"),
    (SOL_SOCKET, 38): ("SO_PROTOCOL", "Protocol", "Int"),
    (SOL_SOCKET, 5): ("SO_DONTROUTE", "DontRoute", "Bool"),
    (SOL_SOCKET, 12): ("SO_PRIORITY", "Priority", "Int"),
    (IPPROTO_TCP, 2): ("TCP_MAXSEG", "MaxSeg", "Int"),
    (IPPROTO_TCP, 7): ("TCP_SYNCNT", "SynCnt", "Int"),
    (IPPROTO_TCP, 8): ("TCP_LINGER2", "Linger2", "Int"),
    (IPPROTO_TCP, 9): ("TCP_DEFER_ACCEPT", "DeferAccept", "Int"),
    (IPPROTO_TCP, 10): ("TCP_WINDOW_CLAMP", "WindowClamp", "Int"),
    (IPPROTO_TCP, 11): ("TCP_INFO", "Info", "Bytes"),
    (IPPROTO_TCP, 13): ("TCP_CONGESTION", "Congestion", "Bytes"),
    (IPPROTO_TCP, 25): ("TCP_NOTSENT_LOWAT", "NotSentLowat", "Int"),
    (IPPROTO_IP, 1): ("IP_TOS", "Tos", "Int"),
}

# Flags of send(2) and recv(2): Linux's bit and the protocol's.
FLAGS = {
    "MSG_OOB": (0x1, 8),
    "MSG_PEEK": (0x2, 1),
    "MSG_DONTWAIT": (0x40, 2),
    "MSG_WAITALL": (0x100, 4),
    "MSG_MORE": (0x8000, 16),
}
# Every send has it.
MSG_NOSIGNAL = 0x4000

# Events of poll(2).
POLLIN = 0x1
POLLPRI = 0x2
POLLOUT = 0x4
POLLERR = 0x8
POLLHUP = 0x10
POLLNVAL = 0x20
POLLRDHUP = 0x2000
EVENTS = POLLIN | POLLPRI | POLLOUT | POLLERR | POLLHUP | POLLNVAL | POLLRDHUP

# Events of epoll(7), and how they are to be told.
EPOLLIN = 0x1
EPOLLPRI = 0x2
EPOLLOUT = 0x4
EPOLLERR = 0x8
EPOLLHUP = 0x10
EPOLLRDNORM = 0x40
EPOLLRDBAND = 0x80
EPOLLWRNORM = 0x100
EPOLLWRBAND = 0x200
EPOLLMSG = 0x400
EPOLLRDHUP = 0x2000
EPOLLEXCLUSIVE = 0x10000000
EPOLLWAKEUP = 0x20000000
EPOLLONESHOT = 0x40000000
EPOLLET = 0x80000000

# Most payload bytes of one call.
CALL_PAYLOAD = 1048576
# Longest name of a socket of AF_UNIX, in bytes.
UNIX_NAME = 107
# Where the folder of a machine's programs is: paths that do not begin with / begin there.
HOME = "/home/user"
