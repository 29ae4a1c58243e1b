"""Options and flags as programs give them, in the protocol's own form."""

import struct

import _arguments
import _constants
import linux
import wireside
from _vocabulary import FLAGS, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, MSG_NOSIGNAL, OPTIONS, SOL_SOCKET

# Those that a program may set or read, and the flags that it may give.
CONSTANTS = {name: number for (_, number), (name, _, _) in OPTIONS.items()}
_NAMES = sorted(CONSTANTS)
CONSTANTS.update({name: linux_bit for name, (linux_bit, _) in FLAGS.items()})


def flags(value):
    """A set of flags as the protocol has it."""
    rest = _arguments.integer(value) & ~MSG_NOSIGNAL
    bits = 0
    for linux_bit, bit in FLAGS.values():
        if rest & linux_bit:
            rest &= ~linux_bit
            bits |= bit
    if rest:
        raise wireside.NotAvailable(f"This lab does not have the flag {rest:#x}; it has {', '.join(FLAGS)}.")
    return bits


def _entry(level, number):
    level, number = _arguments.integer(level), _arguments.integer(number)
    if (level, number) not in OPTIONS:
        name = _named(level, number)
        if name is None:
            raise wireside.NotAvailable(f"This lab does not have the socket option {number} of level {level}. It has {', '.join(_NAMES)}.")
        raise wireside.NotAvailable(f"The socket option {name}: Linux has it, this lab does not{_why(name)}")
    return OPTIONS[level, number]


# What options of each level are called; of these names some are no options.
_PREFIXES = {SOL_SOCKET: "SO_", IPPROTO_IP: "IP_", IPPROTO_TCP: "TCP_", IPPROTO_IPV6: "IPV6_"}
_NO_OPTIONS = ("SO_VM_", "SO_J1939_", "IP_DEFAULT_", "IP_MAX_", "IPV6_RTHDR_TYPE_")


def _named(level, number):
    """The name in C of an option that this lab has not; none where `socket` has no name for it."""
    prefix = _PREFIXES.get(level)
    named = [name for name, value in vars(_constants).items() if value == number and prefix and name.startswith(prefix)]
    return next((name for name in named if not name.startswith(_NO_OPTIONS)), None)


def _why(name):
    if "MULTICAST" in name or "MEMBERSHIP" in name:
        return " (no multicast)"
    if name.startswith("IPV6_"):
        return " (no IPv6)"
    return " (no raw sockets)" if name == "IP_HDRINCL" else ""


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
