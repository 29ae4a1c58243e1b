"""`os` on descriptors that are no files: sockets of the machine, and the program's own input and output.

A program's files have numbers from 1024 up (the worker sees to that) and its sockets those below, as the machine's kernel
gives them: so no number means two things, and whatever is not open is EBADF.
"""

import functools
import json
import operator
import os
import sys

import _arguments
import _descriptor_flags
import _kernel
import _pane
import linux
import wireside
from _vocabulary import AF_UNIX, SOCK_STREAM

# Numbers of files begin here.
FILES = 1024
_EBADF, _EINVAL, _ESPIPE = (linux.ERRNO[name][0] for name in ("EBADF", "EINVAL", "ESPIPE"))


def is_socket(fd):
    """Whether it is a number that a socket can have, and no file."""
    return isinstance(fd, int) and 2 < fd < FILES


def or_files(ours, theirs, streams=False, objects=False):
    """A function of the library that is ours for sockets: with `streams` for the program's own input and output too, with
    `objects` for what has a descriptor.
    """

    @functools.wraps(theirs)
    def call(fd, *args, **kwargs):
        number = fd.fileno() if objects and hasattr(fd, "fileno") else fd
        if is_socket(number) or (streams and isinstance(number, int) and 0 <= number < 3):
            found = ours(number, *args, **kwargs)
            if found is not NotImplemented:
                return found
        return theirs(fd, *args, **kwargs)

    return call


def _read(fd, n, /):
    n = operator.index(n)
    if n < 0:
        raise OSError(22, "Invalid argument")
    if fd == 0:
        sys.stdout.flush()
        return sys.__stdin__.buffer.read1(n)
    if fd < 3:
        return NotImplemented
    if fd in _kernel.epolls:
        raise linux.error(_EINVAL)
    if _is_end(fd, "write"):
        raise linux.error(_EBADF)
    return _kernel.call("Recv", {"fd": fd, "flags": 0, "max": min(n, _kernel.PAYLOAD)}, _wait(fd))[1]


def _is_end(fd, end):
    """Whether it is that end of a pipe."""
    return fd in _kernel.made and _kernel.opened(fd).end == end


def _wait(fd):
    return _kernel.wait_of(_kernel.limit(fd, None))


def _write(fd, data, /):
    view = _arguments.readable(data)
    if fd in (1, 2):
        return (sys.__stdout__ if fd == 1 else sys.__stderr__).buffer.write(view)
    if fd == 0:
        return NotImplemented
    if fd in _kernel.epolls:
        raise linux.error(_EINVAL)
    if _is_end(fd, "read"):
        raise linux.error(_EBADF)
    piece = bytes(view[: _kernel.PAYLOAD])
    try:
        value, _ = _kernel.call("Send", {"fd": fd, "flags": 0, "length": len(piece)}, _wait(fd), payload=piece)
    except _kernel.Failure as failure:
        return failure.taken
    return value["Sent"]


def _close(fd):
    if fd < 3:
        return NotImplemented
    _kernel.close(fd)


def _dup(fd, /):
    return NotImplemented if fd < 3 else _kernel.dup(fd)


def _dup2(fd, fd2, inheritable=True):
    raise wireside.NotAvailable("This lab has no dup2() of a socket: a copy gets the lowest number that is free (os.dup, socket.dup).")


def _isatty(fd, /):
    return fd < 3


def _readv(fd, buffers, /):
    views = [_arguments.writable(one, "readv") for one in buffers]
    data = _read(fd, sum(map(len, views)))
    if data is NotImplemented:
        return data
    done = 0
    for view in views:
        piece = data[done : done + len(view)]
        view[: len(piece)] = piece
        done += len(piece)
    return done


def _writev(fd, buffers, /):
    return _write(fd, b"".join(map(_arguments.readable, buffers)))


def _no_place(fd, *args):
    """What asks for a place in it: a socket has none."""
    _descriptor_flags.check(fd)
    raise linux.error(_ESPIPE)


def _fdopen(fd, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True):
    """A file on a socket or on a pipe's end, as `makefile` makes one."""
    _descriptor_flags.check(fd)
    # It stands on this module.
    import socket

    opened = socket.socket(fileno=fd if closefd else _kernel.dup(fd))
    opened.setblocking(_descriptor_flags.get_blocking(fd))
    text = "b" not in mode
    file = opened.makefile(mode.replace("t", ""), -1 if text and buffering == 1 else buffering, encoding=encoding, errors=errors, newline=newline)
    if text and buffering == 1:
        file.reconfigure(line_buffering=True)
    # The file holds it now, and closes it with itself.
    opened.close()
    return file


def pipe():
    """pipe(2): two connected sockets of AF_UNIX, of which each is used one way. So select(2) takes them."""
    reader, writer = _kernel.pair("Unix", "Stream", (AF_UNIX, SOCK_STREAM, 0), ("read", "write"))
    return reader, writer


def pipe2(flags, /):
    """pipe2(2): the same, with O_NONBLOCK and O_CLOEXEC."""
    both = pipe()
    for fd in both:
        _kernel.opened(fd).nonblocking = bool(flags & os.O_NONBLOCK)
        _descriptor_flags.set_inheritable(fd, not flags & os.O_CLOEXEC)
    return both


def sendfile(out_fd, in_fd, offset, count):
    """sendfile(2): reads a piece of a file and sends it; how many bytes were sent."""
    if is_socket(in_fd):
        raise linux.error(_EINVAL if offset is None else _ESPIPE)
    count = min(operator.index(count), _kernel.PAYLOAD)
    data = os.read(in_fd, count) if offset is None else os.pread(in_fd, count, offset)
    if not data:
        return 0
    sent = 0
    try:
        sent = os.write(out_fd, data)
    finally:
        if offset is None and sent < len(data):
            os.lseek(in_fd, sent - len(data), os.SEEK_CUR)
    return sent


def _exit(status):
    """Ends the program at once: nothing is flushed, no handler runs, and no thread is waited for."""
    _pane.end(json.dumps({"status": "exited", "code": operator.index(status) & 0xFF, "error": None}))
    _pane.halt()


def install():
    """Puts them in the place of `os`'s."""
    for name, ours in (("read", _read), ("write", _write), ("close", _close), ("dup", _dup), ("isatty", _isatty), ("readv", _readv), ("writev", _writev)):
        setattr(os, name, or_files(ours, getattr(os, name), streams=True))
    flags = _descriptor_flags
    for ours in (flags.fstat, flags.get_inheritable, flags.set_inheritable, flags.get_blocking, flags.set_blocking):
        setattr(os, ours.__name__, or_files(ours, getattr(os, ours.__name__)))
    for name, ours in (("dup2", _dup2), ("fdopen", _fdopen), ("lseek", _no_place), ("pread", _no_place), ("pwrite", _no_place)):
        setattr(os, name, or_files(ours, getattr(os, name)))
    os.pipe, os.pipe2, os.sendfile = pipe, pipe2, sendfile
    flags.install()
    os._exit = _exit
