"""Names of AF_UNIX: Python's forms and the protocol's text; and sockets in the machine's file system.

A program's files are its own, in this worker, and the sockets beside them are the machine's: so a path is looked for among the
files first, and then among the sockets.
"""

import functools
import os
import re
import stat

import _kernel
import linux
from _vocabulary import HOME, UNIX_NAME

_ENOTDIR, _EADDRINUSE, _ECONNREFUSED = (linux.ERRNO[name][0] for name in ("ENOTDIR", "EADDRINUSE", "ECONNREFUSED"))
_PREFIX = "unix:"
# What the protocol's text writes by its bytes; it takes more as it is.
_ESCAPED = re.compile(rb"[^A-Za-z0-9/._-]")
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")
# What the library itself looks for, over and over: nobody calls a socket so.
_MODULES = (b".py", b".pyc", b".zip")


def _escape(name):
    return _ESCAPED.sub(lambda found: b"\\x%02x" % found[0][0], name).decode("ascii")


def text_of(name):
    """The protocol's text of a name as a program gives it, as `getsockaddrarg` checks it."""
    if isinstance(name, str):
        name = os.fsencode(name)
    try:
        name = bytes(memoryview(name))
    except TypeError:
        raise TypeError(f"a bytes-like object is required, not '{type(name).__name__}'") from None
    if not name:
        return _PREFIX
    if name[0] == 0:
        if len(name) > UNIX_NAME + 1:
            raise OSError("AF_UNIX path too long")
        return f"{_PREFIX}@{_escape(name[1:])}"
    if len(name) > UNIX_NAME:
        raise OSError("AF_UNIX path too long")
    return _PREFIX + _escape(_from_home(name.partition(b"\0")[0]))


def _from_home(path):
    """A path as the machine finds it: of those that do not begin with `/` it knows only one folder."""
    if path[:1] == b"/" or os.getcwd() == HOME:
        return path
    path = os.path.join(os.getcwdb(), path)
    if len(path) > UNIX_NAME:
        raise OSError("AF_UNIX path too long")
    return path


def name_of(text):
    """Python's form of the protocol's text: a path as str, an abstract name as bytes, "" for none."""
    name = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text.removeprefix(_PREFIX).encode())
    if text.startswith(_PREFIX + "@"):
        return b"\0" + name[1:]
    return os.fsdecode(name)


# The files of the program alone; `install` puts others beside them.
_stat, _lstat = os.stat, os.lstat


def _path(text):
    """The path in a protocol's text; none in that of any other name."""
    return None if text == _PREFIX or text.startswith(_PREFIX + "@") else name_of(text)


def before_bind(text):
    """What the file system says to a socket's path before the machine is asked."""
    path = _path(text)
    if path is None:
        return
    folder = os.path.dirname(path) or "."
    try:
        if not stat.S_ISDIR(_stat(folder).st_mode):
            raise linux.error(_ENOTDIR)
    except OSError as problem:
        raise linux.error(problem.errno) from None
    if _is_file(path):
        raise linux.error(_EADDRINUSE)


def refuse_file(text):
    """Where the machine has no socket at a path there may be another file, at which nobody listens."""
    path = _path(text)
    if path is not None and _is_file(path):
        raise linux.error(_ECONNREFUSED) from None


def _is_file(path):
    try:
        _lstat(path)
    except OSError:
        return False
    return True


def _asked(path):
    """The protocol's text of what a program may mean as a socket's path; none where it cannot."""
    try:
        name = os.fsencode(path)
    except TypeError:
        return None
    if not name or b"\0" in name or len(name) > UNIX_NAME or name.endswith(_MODULES):
        return None
    try:
        return _PREFIX + _escape(_from_home(name))
    except OSError:
        return None


def _machine_has(path):
    text = _asked(path)
    if text is None:
        return False
    try:
        _kernel.call("Stat", {"address": text})
    except OSError:
        return False
    return True


def _or_on_the_machine(theirs, ours):
    """A function of files that, where there is none at a path, means the machine's socket there."""

    @functools.wraps(theirs)
    def both(path, *args, **kwargs):
        try:
            return theirs(path, *args, **kwargs)
        except FileNotFoundError:
            if kwargs.get("dir_fd") is not None or not _machine_has(path):
                raise
            return ours(path)

    return both


def _seen(_path):
    # Who may use it and since when, the machine does not say: every program of it may.
    return os.stat_result((stat.S_IFSOCK | 0o755, 0, 0, 1, 0, 0, 0, 0, 0, 0))


def _removed(path):
    _kernel.call("Unlink", {"address": _asked(path)})


def install():
    """Lets `os` find and remove the machine's sockets."""
    os.stat, os.lstat = _or_on_the_machine(_stat, _seen), _or_on_the_machine(_lstat, _seen)
    os.unlink, os.remove = _or_on_the_machine(os.unlink, _removed), _or_on_the_machine(os.remove, _removed)
