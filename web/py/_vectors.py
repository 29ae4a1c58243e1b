"""sendmsg(2) and recvmsg(2) as far as they gather and scatter bytes: each is one send or receive of the machine.

What else those calls carry on Linux (control messages: descriptors, options of a packet) is not here.
"""

import collections.abc
import operator

import _addresses
import _arguments
import _options
import wireside
from _vocabulary import AF_UNIX, SOCK_DGRAM

MSG_TRUNC = 0x20
CONTROL = (
    "This lab's sendmsg() and recvmsg() carry bytes and no control messages: no descriptors (SCM_RIGHTS) and no credentials, "
    "since each program lives in a page of its own."
)


class Vectors:
    """Methods of a socket that take several buffers."""

    __slots__ = ()

    @_arguments.some(1, 4)
    def sendmsg(self, buffers, ancdata=(), flags=0, address=None):
        """sendmsg(2): the buffers one after the other; how many bytes the kernel took."""
        data = b"".join(map(_arguments.readable, _all_of("sendmsg", buffers, "must be iterable")))
        control = list(_all_of("sendmsg", ancdata, "must be iterable", number=2))
        for item in control:
            _check_control(item)
        if control:
            raise wireside.NotAvailable(CONTROL)
        flags = _options.flags(flags)
        if address is not None:
            to = _addresses.text_of("sendmsg", self._family, address)
            return self._send_some("SendTo", memoryview(data), {"flags": flags, "address": to})
        return self._send(memoryview(data), flags)

    @_arguments.some(1, 3)
    def recvmsg(self, bufsize, ancbufsize=0, flags=0):
        """recvmsg(2): the bytes, no control messages, flags of the message, and its sender."""
        size = _arguments.integer(bufsize)
        if size < 0:
            raise ValueError("negative buffer size in recvmsg()")
        _no_control(ancbufsize)
        data, told, sender = self._receive_message(size, flags)
        return data, [], told, sender

    @_arguments.some(1, 3)
    def recvmsg_into(self, buffers, ancbufsize=0, flags=0):
        """The same into memory of the program, buffer after buffer: how many bytes came, and the rest as recvmsg."""
        views = [_arguments.writable(one, "recvmsg_into") for one in _all_of("recvmsg_into", buffers, "must be an iterable")]
        _no_control(ancbufsize)
        data, told, sender = self._receive_message(sum(map(len, views)), flags)
        done = 0
        for view in views:
            piece = data[done : done + len(view)]
            view[: len(piece)] = piece
            done += len(piece)
        return done, [], told, sender

    def _receive_message(self, size, flags):
        if self._type != SOCK_DGRAM and self._family != AF_UNIX:
            return self._receive("recvmsg", size, flags)[1], 0, None
        if self._type != SOCK_DGRAM:
            data, sender = self._receive_from("recvmsg", size, flags)
            return data, 0, sender
        # A byte more than was asked for: that is how a datagram is known to have been cut.
        data, sender = self._receive_from("recvmsg", size + 1, flags)
        return data[:size], MSG_TRUNC if len(data) > size else 0, sender


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
    if operator.index(size) < 0:
        raise ValueError("invalid ancillary data buffer length")
