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
import _kernel
import _pane

# Numbers of files begin here.
FILES = 1024


def is_socket(fd):
    """Whether it is a number that a socket can have, and no file."""
    return isinstance(fd, int) and 2 < fd < FILES


def _route(name, ours):
    theirs = getattr(os, name)

    @functools.wraps(theirs)
    def call(fd, *args, **kwargs):
        if isinstance(fd, int) and fd < 3 or is_socket(fd):
            found = ours(fd, *args, **kwargs)
            if found is not NotImplemented:
                return found
        return theirs(fd, *args, **kwargs)

    setattr(os, name, call)


def _read(fd, n, /):
    n = operator.index(n)
    if n < 0:
        raise OSError(22, "Invalid argument")
    if fd == 0:
        sys.stdout.flush()
        return sys.__stdin__.buffer.read1(n)
    if fd < 3:
        return NotImplemented
    return _kernel.call("Recv", {"fd": fd, "flags": 0, "max": min(n, _kernel.PAYLOAD)})[1]


def _write(fd, data, /):
    view = _arguments.readable(data)
    if fd in (1, 2):
        return (sys.__stdout__ if fd == 1 else sys.__stderr__).buffer.write(view)
    if fd == 0:
        return NotImplemented
    piece = bytes(view[: _kernel.PAYLOAD])
    try:
        value, _ = _kernel.call("Send", {"fd": fd, "flags": 0, "length": len(piece)}, payload=piece)
    except _kernel.Failure as failure:
        return failure.taken
    return value["Sent"]


def _close(fd):
    if fd < 3:
        return NotImplemented
    _kernel.close(fd)


def dup(fd):
    """dup(2) of a socket: one more descriptor of the same open socket."""
    value, _ = _kernel.call("Dup", {"fd": fd})
    again = value["Descriptor"]
    if fd in _kernel.made:
        _kernel.made[again] = _kernel.made[fd]
    return again


def _dup(fd, /):
    return NotImplemented if fd < 3 else dup(fd)


def _isatty(fd, /):
    return fd < 3


def _inheritable(fd, /):
    return False


def _exit(status):
    """Ends the program at once: nothing is flushed, no handler runs, and no thread is waited for."""
    _pane.end(json.dumps({"status": "exited", "code": operator.index(status) & 0xFF, "error": None}))
    _pane.halt()


def install():
    """Puts them in the place of `os`'s."""
    for name, ours in (("read", _read), ("write", _write), ("close", _close), ("dup", _dup), ("isatty", _isatty), ("get_inheritable", _inheritable)):
        _route(name, ours)
    os._exit = _exit
