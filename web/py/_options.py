"""Options and flags as programs give them, in the protocol's own form."""

import operator
import struct

import _arguments
import _constants
import linux
import wireside
from _vocabulary import FLAGS, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, MSG_NOSIGNAL, OPTIONS, SOL_SOCKET

_EFAULT, _EINVAL = (linux.ERRNO[name][0] for name in ("EFAULT", "EINVAL"))
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


# Bytes of an int in C, and the most that an option has.
_INT, _MOST = 4, 1024
# The kernel has a time as two numbers of 64 bits; here a C long may have 32, and a program's struct as well.
_TIMES = ("RcvTimeo", "SndTimeo")
_LONG = struct.calcsize("l")


def setting(level, number, value, length=None):
    """The protocol's name and value for setsockopt(2). With `length` there are no bytes for the kernel to read."""
    _, name, kind = _entry(level, number)
    data = None
    if length is not None:
        data = _no_bytes(level, name, operator.index(length) & 0xFFFFFFFF)
    elif not hasattr(value, "__index__"):
        data = bytes(_arguments.readable(value))
    elif not -_arguments.INT_MAX - 1 <= operator.index(value) <= _arguments.INT_MAX:
        raise TypeError(f"a bytes-like object is required, not '{type(value).__name__}'")
    if kind in ("Bytes", "Linger") and data is None:
        data = struct.pack("i", value)
    if kind == "Linger" and len(data) >= 2 * _INT:
        on, seconds = struct.unpack_from("ii", data)
        return name, {"Linger": min(max(seconds, 0), 0xFFFF) if on else None}
    if kind in ("Bool", "Int"):
        value = value if data is None else _int_of(level, name, data)
        if value is not None:
            return name, {"Bool": operator.index(value) != 0} if kind == "Bool" else {"Int": operator.index(value)}
    # Also too few bytes, of which the kernel says what is wrong.
    return name, {"Bytes": list(_struct(name, data))}


def _no_bytes(level, name, length):
    """What the kernel says to a place in memory that is none: first it looks at the length."""
    if length > _arguments.INT_MAX or length < (1 if level == IPPROTO_IP or name == "Congestion" else _INT):
        if name == "Tos" and length == 0:
            return b""
        raise linux.error(_EINVAL)
    raise linux.error(_EFAULT)


def _int_of(level, name, data):
    """The int in an option's bytes, none where there are too few. Those of IP may be one byte."""
    if len(data) >= _INT:
        return struct.unpack_from("i", data)[0]
    return data[0] if level == IPPROTO_IP and data else None


def _struct(name, data):
    """The bytes as the kernel takes them: it reads no more than the option has."""
    if name in _TIMES and _LONG == 4 and 8 <= len(data) < 16:
        data = struct.pack("<qq", *struct.unpack_from("<ii", data))
    return data[:_MOST]


def name_of(level, number):
    """The protocol's name for getsockopt(2)."""
    return _entry(level, number)[1]


def plain(value, length, level=None, number=None):
    """What getsockopt returns: an int, or so many bytes of what C would see."""
    match value:
        case {"Bool": number_of} | {"Int": number_of}:
            packed = struct.pack("i", int(number_of))
            if level == IPPROTO_IP and 0 < length < _INT and 0 <= number_of <= 0xFF:
                length = 1
        case {"Linger": seconds}:
            packed = struct.pack("ii", seconds is not None, seconds or 0)
        case {"Bytes": numbers}:
            packed = bytes(numbers)
            if _LONG == 4 and 8 <= length < 16 and OPTIONS[level, number][1] in _TIMES:
                packed = struct.pack("<ii", *struct.unpack("<qq", packed))
    return packed[:length] if length else struct.unpack_from("i", packed.ljust(_INT, b"\0"))[0]
