"""sendmsg(2) and recvmsg(2): several buffers in one call, and descriptors that travel between programs (SCM_RIGHTS).

What else those calls carry on Linux (credentials, options of a packet) is not here.
"""

import collections.abc
import os

import _addresses
import _arguments
import _epoll
import _kernel
import _options
import linux
import wireside
from _constants import MSG_CMSG_CLOEXEC, MSG_CTRUNC, MSG_TRUNC, SCM_RIGHTS
from _vocabulary import AF_UNIX, FAMILIES, KINDS, SOCK_DGRAM, SOL_SOCKET

# Most buffers of one call in Linux, UIO_MAXIOV.
_BUFFERS = 1024
# Most room for control messages that a machine is told of: what could come needs less.
_CONTROL_ROOM = 4096
_EBADF, _EMSGSIZE = (linux.ERRNO[name][0] for name in ("EBADF", "EMSGSIZE"))
CONTROL = (
    "This lab's sendmsg() carries descriptors (SCM_RIGHTS, on sockets of AF_UNIX) and no other control messages: no credentials "
    "(programs here are no processes of the machine), and no options of a packet."
)
_STREAM = "This lab passes descriptors of the machine (sockets, ends of os.pipe(), epolls): a file, and the program's own streams, are the page's."
_WATCHES = "An epoll that watches standard input cannot be passed: that is the page's, and no kernel's."
# Descriptors of the machine are below.
_FILES = 1024
_INT = 4


# Of a C struct cmsghdr on a machine with 64 bits: its head, and what lengths are rounded up to.
_HEAD, _WORD = 16, 8


def CMSG_LEN(length, /):
    """How long a control message with so many bytes is."""
    if not 0 <= _arguments.size(length) <= _arguments.INT_MAX - _HEAD:
        raise OverflowError("CMSG_LEN() argument out of range")
    return _HEAD + length


def CMSG_SPACE(length, /):
    """How much room it takes."""
    if not 0 <= _arguments.size(length) <= _arguments.INT_MAX - _HEAD - _WORD:
        raise OverflowError("CMSG_SPACE() argument out of range")
    return _HEAD + -(-length // _WORD) * _WORD


class Vectors:
    """Methods of a socket that take several buffers."""

    __slots__ = ()

    @_arguments.some(1, 4)
    def sendmsg(self, buffers, ancdata=(), flags=0, address=None):
        """sendmsg(2): the buffers one after the other; how many bytes the kernel took."""
        to = None if address is None else _addresses.text_of("sendmsg", self._family, address)
        views = [_arguments.readable(one) for one in _all_of("sendmsg", buffers, "must be an iterable")]
        control = list(_all_of("sendmsg", ancdata, "must be an iterable", number=2))
        for item in control:
            _check_control(item)
        self._check_number(views)
        passed = _passed(self._family, control)
        flags, data = _options.flags(flags), memoryview(b"".join(views))
        if passed:
            return self._send_some("SendMsg", data, {"flags": flags, "address": to, "passed": passed})
        if to is not None:
            return self._send_some("SendTo", data, {"flags": flags, "address": to})
        return self._send(data, flags)

    @_arguments.some(1, 3)
    def recvmsg(self, bufsize, ancbufsize=0, flags=0):
        """recvmsg(2): the bytes, no control messages, flags of the message, and its sender."""
        size = _arguments.new_bytes(bufsize, "negative buffer size in recvmsg()")
        return self._receive_message(size, _control_room(ancbufsize), flags)

    @_arguments.some(1, 3)
    def recvmsg_into(self, buffers, ancbufsize=0, flags=0):
        """The same into memory of the program, buffer after buffer: how many bytes came, and the rest as recvmsg."""
        views = [_into(one) for one in _all_of("recvmsg_into", buffers, "must be an iterable")]
        room = _control_room(ancbufsize)
        self._check_number(views)
        data, control, told, sender = self._receive_message(sum(map(len, views)), room, flags)
        done = 0
        for view in views:
            piece = data[done : done + len(view)]
            view[: len(piece)] = piece
            done += len(piece)
        return done, control, told, sender

    def _check_number(self, views):
        """More buffers than a call of Linux takes: here the machine sees only their bytes, in one."""
        if len(views) > _BUFFERS:
            raise linux.error(_EBADF if self._fd == -1 else _EMSGSIZE)

    def _receive_message(self, size, room, flags):
        flags = _arguments.integer(flags)
        closes = flags & MSG_CMSG_CLOEXEC
        if self._family == AF_UNIX:
            return self._receive_inside(size, room, flags & ~closes, closes)
        flags &= ~closes
        if self._type != SOCK_DGRAM:
            return self._receive("recvmsg", size, flags)[1], [], closes, None
        # A byte more than was asked for: that is how a datagram is known to have been cut.
        data, sender = self._receive_from("recvmsg", size + 1, flags)
        return data[:size], [], closes | (MSG_TRUNC if len(data) > size else 0), sender

    def _receive_inside(self, size, room, flags, closes):
        """Within the machine, where descriptors may come along."""
        fields = {"flags": _options.flags(flags), "max": min(size, _kernel.PAYLOAD), "control": min(room, _CONTROL_ROOM)}
        value, data = self._call("RecvMsg", fields)
        told = value["ReceivedMsg"]
        control = []
        if told["passed"]:
            for passed in told["passed"]:
                _take(passed, closes)
            numbers = b"".join(passed["fd"].to_bytes(_INT, "little") for passed in told["passed"])
            control.append((SOL_SOCKET, SCM_RIGHTS, numbers))
        seen = closes | (MSG_TRUNC if told["cut"] else 0) | (MSG_CTRUNC if told["control_cut"] else 0)
        return data, control, seen, _addresses.tuple_of(told["from"]) if told["from"] else None


def _into(buffer):
    try:
        return _arguments.writable(buffer, "recvmsg_into")
    except TypeError:
        raise TypeError("recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers") from None


def _all_of(name, items, words, number=1):
    try:
        return iter(items)
    except TypeError:
        raise TypeError(f"{name}() argument {number} {words}") from None


def _check_control(item):
    """What is wrong with a control message is said as CPython says it, whatever becomes of one that is right."""
    said = "[sendmsg() ancillary data items]() argument must be"
    if not isinstance(item, collections.abc.Sequence):
        raise TypeError(f"{said} 3-item sequence, not {'None' if item is None else type(item).__name__}")
    if len(item) != 3:
        raise TypeError(f"{said} sequence of length 3, not {len(item)}")
    level, kind, data = item
    _arguments.integer(level)
    _arguments.integer(kind)
    _arguments.readable(data)


def _control_room(size):
    if not 0 <= _arguments.size(size) <= _arguments.INT_MAX:
        raise ValueError("invalid ancillary data buffer length")
    return size


def _passed(family, control):
    """The descriptors in control messages. Sockets of other families pass over them, as in Linux."""
    numbers = []
    for level, kind, data in control:
        if level != SOL_SOCKET or kind != SCM_RIGHTS:
            raise wireside.NotAvailable(CONTROL)
        data = bytes(_arguments.readable(data))
        numbers += [int.from_bytes(data[at : at + _INT], "little", signed=True) for at in range(0, len(data) - _INT + 1, _INT)]
    if family != AF_UNIX:
        return []
    for fd in numbers:
        if 0 <= fd < 3 or fd >= _FILES:
            # EBADF where there is none.
            os.fstat(fd)
            raise wireside.NotAvailable(_STREAM)
        if fd in _kernel.epolls and _kernel.epolls[fd].streams:
            raise wireside.NotAvailable(_WATCHES)
    return numbers


def _take(passed, closes):
    """What is known of a descriptor that came along."""
    fd, kind = passed["fd"], passed["socket"]
    if kind is None:
        _kernel.epolls[fd] = _epoll.Instance()
    else:
        _kernel.made[fd] = _traits(*kind)
    if not closes:
        _kernel.inheritable.add(fd)


def _traits(family, kind):
    """Family, type and protocol, as Linux has them, of a socket in the protocol's own words."""
    number = next(number for number, name in FAMILIES.items() if name == family)
    of, protocol = next((number, protocol) for number, (name, protocol) in KINDS.items() if name == kind)
    return number, of, 0 if number == AF_UNIX else protocol
