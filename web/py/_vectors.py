"""sendmsg(2) and recvmsg(2) as far as they gather and scatter bytes: each is one send or receive of the machine.

What else those calls carry on Linux (control messages: descriptors, options of a packet) is not here.
"""

import collections.abc

import _addresses
import _arguments
import _options
import linux
import wireside
from _constants import MSG_TRUNC
from _vocabulary import AF_UNIX, SOCK_DGRAM

# Most buffers of one call in Linux, UIO_MAXIOV.
_BUFFERS = 1024
_EBADF, _EMSGSIZE = (linux.ERRNO[name][0] for name in ("EBADF", "EMSGSIZE"))
CONTROL = (
    "This lab's sendmsg() and recvmsg() carry bytes and no control messages: no descriptors (SCM_RIGHTS) and no credentials, "
    "since each program lives in a page of its own."
)


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
        if control:
            raise wireside.NotAvailable(CONTROL)
        flags, data = _options.flags(flags), memoryview(b"".join(views))
        if to is not None:
            return self._send_some("SendTo", data, {"flags": flags, "address": to})
        return self._send(data, flags)

    @_arguments.some(1, 3)
    def recvmsg(self, bufsize, ancbufsize=0, flags=0):
        """recvmsg(2): the bytes, no control messages, flags of the message, and its sender."""
        size = _arguments.new_bytes(bufsize, "negative buffer size in recvmsg()")
        _no_control(ancbufsize)
        data, told, sender = self._receive_message(size, flags)
        return data, [], told, sender

    @_arguments.some(1, 3)
    def recvmsg_into(self, buffers, ancbufsize=0, flags=0):
        """The same into memory of the program, buffer after buffer: how many bytes came, and the rest as recvmsg."""
        views = [_into(one) for one in _all_of("recvmsg_into", buffers, "must be an iterable")]
        _no_control(ancbufsize)
        self._check_number(views)
        data, told, sender = self._receive_message(sum(map(len, views)), flags)
        done = 0
        for view in views:
            piece = data[done : done + len(view)]
            view[: len(piece)] = piece
            done += len(piece)
        return done, [], told, sender

    def _check_number(self, views):
        """More buffers than a call of Linux takes: here the machine sees only their bytes, in one."""
        if len(views) > _BUFFERS:
            raise linux.error(_EBADF if self._fd == -1 else _EMSGSIZE)

    def _receive_message(self, size, flags):
        if self._type != SOCK_DGRAM and self._family != AF_UNIX:
            return self._receive("recvmsg", size, flags)[1], 0, None
        if self._type != SOCK_DGRAM:
            data, sender = self._receive_from("recvmsg", size, flags)
            return data, 0, sender
        # A byte more than was asked for: that is how a datagram is known to have been cut.
        data, sender = self._receive_from("recvmsg", size + 1, flags)
        return data[:size], MSG_TRUNC if len(data) > size else 0, sender


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


def _no_control(size):
    if not 0 <= _arguments.size(size) <= _arguments.INT_MAX:
        raise ValueError("invalid ancillary data buffer length")
