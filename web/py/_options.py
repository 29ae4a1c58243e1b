"""Constants of socket options and flags, with Linux's numbers, and their forms in the protocol."""

import struct

import _arguments
import linux
import wireside

SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_IPV6 = 1, 0, 6, 17, 41
SOL_IP, SOL_TCP, SOL_UDP = IPPROTO_IP, IPPROTO_TCP, IPPROTO_UDP
IPPROTO_ICMP = 1

# (level, number): (name in C, name in the protocol, type there)
_TABLE = {
    (SOL_SOCKET, 2): ("SO_REUSEADDR", "ReuseAddr", "Bool"),
    (SOL_SOCKET, 3): ("SO_TYPE", "Type", "Int"),
    (SOL_SOCKET, 4): ("SO_ERROR", "Error", "Int"),
    (SOL_SOCKET, 6): ("SO_BROADCAST", "Broadcast", "Bool"),
    (SOL_SOCKET, 7): ("SO_SNDBUF", "SndBuf", "Int"),
    (SOL_SOCKET, 8): ("SO_RCVBUF", "RcvBuf", "Int"),
    (SOL_SOCKET, 9): ("SO_KEEPALIVE", "KeepAlive", "Bool"),
    (SOL_SOCKET, 10): ("SO_OOBINLINE", "OobInline", "Bool"),
    (SOL_SOCKET, 13): ("SO_LINGER", "Linger", "Linger"),
    (SOL_SOCKET, 15): ("SO_REUSEPORT", "ReusePort", "Bool"),
    (SOL_SOCKET, 30): ("SO_ACCEPTCONN", "AcceptConn", "Bool"),
    (IPPROTO_IP, 2): ("IP_TTL", "Ttl", "Int"),
    (IPPROTO_IPV6, 26): ("IPV6_V6ONLY", "V6Only", "Bool"),
    (IPPROTO_TCP, 1): ("TCP_NODELAY", "NoDelay", "Bool"),
    (IPPROTO_TCP, 3): ("TCP_CORK", "Cork", "Bool"),
    (IPPROTO_TCP, 4): ("TCP_KEEPIDLE", "KeepIdle", "Int"),
    (IPPROTO_TCP, 5): ("TCP_KEEPINTVL", "KeepIntvl", "Int"),
    (IPPROTO_TCP, 6): ("TCP_KEEPCNT", "KeepCnt", "Int"),
    (IPPROTO_TCP, 12): ("TCP_QUICKACK", "QuickAck", "Bool"),
    (IPPROTO_TCP, 18): ("TCP_USER_TIMEOUT", "UserTimeout", "Int"),
}
CONSTANTS = {name: number for (_, number), (name, _, _) in _TABLE.items()}

# Linux's bits and the protocol's.
_FLAGS = {"MSG_OOB": (1, 8), "MSG_PEEK": (2, 1), "MSG_DONTWAIT": (0x40, 2), "MSG_WAITALL": (0x100, 4), "MSG_MORE": (0x8000, 16)}
# Always set here.
MSG_NOSIGNAL = 0x4000
CONSTANTS.update({name: linux_bit for name, (linux_bit, _) in _FLAGS.items()}, MSG_NOSIGNAL=MSG_NOSIGNAL)
MSG_DONTWAIT = CONSTANTS["MSG_DONTWAIT"]


def flags(value):
    """A set of flags as the protocol has it."""
    rest = _arguments.integer(value) & ~MSG_NOSIGNAL
    bits = 0
    for linux_bit, bit in _FLAGS.values():
        if rest & linux_bit:
            rest &= ~linux_bit
            bits |= bit
    if rest:
        raise wireside.NotAvailable(f"This lab does not have the flag {rest:#x}; it has {', '.join(_FLAGS)}.")
    return bits


def _entry(level, number):
    level, number = _arguments.integer(level), _arguments.integer(number)
    if (level, number) not in _TABLE:
        raise wireside.NotAvailable(
            f"This lab does not have the socket option {number} of level {level}. It has "
            f"{', '.join(sorted(CONSTANTS.keys() - _FLAGS.keys() - {'MSG_NOSIGNAL'}))}."
        )
    return _TABLE[level, number]


def setting(level, number, value):
    """The protocol's name and value for setsockopt(2)."""
    _, name, kind = _entry(level, number)
    data = None
    if not hasattr(value, "__index__"):
        data = bytes(_arguments.readable(value))
    if kind == "Linger":
        if data is None or len(data) < 8:
            raise linux.error(22)
        on, seconds = struct.unpack_from("ii", data)
        return name, {"Linger": min(max(seconds, 0), 0xFFFF) if on else None}
    if data is not None:
        if len(data) < 4:
            raise linux.error(22)
        (value,) = struct.unpack_from("i", data)
    number = _arguments.integer(value)
    return name, {"Bool": number != 0} if kind == "Bool" else {"Int": number}


def name_of(level, number):
    """The protocol's name for getsockopt(2)."""
    return _entry(level, number)[1]


def plain(value, length):
    """What getsockopt returns: an int, or so many bytes of what C would see."""
    match value:
        case {"Bool": number} | {"Int": number}:
            packed = struct.pack("i", int(number))
        case {"Linger": seconds}:
            packed = struct.pack("ii", seconds is not None, seconds or 0)
    return packed[:length] if length else struct.unpack_from("i", packed)[0]
