"""CPython's `select.epoll`: an epoll of the machine's kernel, a descriptor like a socket's.

Standard input, output and error are the page's, and no kernel's: an epoll that watches them is answered here for these, and
told of the machine's own together with them. Level by level what can be read is told each time; edge by edge (EPOLLET) once for
each line that has come.
"""

import operator
import os
import sys

import _kernel
import _pane
import _threads
import linux
import wireside
from _vocabulary import (  # noqa: F401
    EPOLLERR,
    EPOLLET,
    EPOLLEXCLUSIVE,
    EPOLLHUP,
    EPOLLIN,
    EPOLLMSG,
    EPOLLONESHOT,
    EPOLLOUT,
    EPOLLPRI,
    EPOLLRDBAND,
    EPOLLRDHUP,
    EPOLLRDNORM,
    EPOLLWAKEUP,
    EPOLLWRBAND,
    EPOLLWRNORM,
)

EPOLL_CLOEXEC = 0o2000000

_EPERM, _ENOENT, _EBADF, _EEXIST, _EINVAL = (
    linux.ERRNO[name][0] for name in ("EPERM", "ENOENT", "EBADF", "EEXIST", "EINVAL")
)
# What may stand beside EPOLLEXCLUSIVE.
_EXCLUSIVE = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE
# Events that one poll reports, where nothing else is said, as CPython has it.
_MOST = 1023
# Longest wait that CPython takes, in milliseconds.
_LONGEST = 2**31 - 1
# Numbers of files begin here, as `_descriptors.py` has it.
_FILES = 1024
# While `selectors` is loaded, which makes one to see whether there are any: no program has asked for that.
only_tried = False
_NESTED = (
    "Standard input is the page's and no kernel's: an epoll that watches it cannot itself be watched by another epoll, select() or "
    "poll(). Watch standard input there, too."
)


class _Stream:
    """Standard input, output or error in one epoll."""

    __slots__ = ("events", "lines", "fresh")

    def __init__(self, events):
        self.events = events
        # Lines that had come when it was told last.
        self.lines = 0
        # Whether it has been asked for since.
        self.fresh = True

    def ready(self, fd):
        """Its events now: a terminal can always be written to."""
        seen = EPOLLOUT
        if fd == 0 and sys.__stdin__.buffer.has_bytes():
            seen |= EPOLLIN
        if self.events & EPOLLET and not self.fresh:
            # What was told is not told again, but for what has come since.
            seen = EPOLLIN if seen & EPOLLIN and _pane.lines_come() > self.lines else 0
        return seen & self.events

    def told(self):
        """It was told."""
        self.lines, self.fresh = _pane.lines_come(), False
        if self.events & EPOLLONESHOT:
            self.events &= EPOLLONESHOT | EPOLLET

    def after(self):
        """How many lines have to have come for it to be told; None where lines do not matter."""
        if not self.events & EPOLLIN:
            return None
        return self.lines if self.events & EPOLLET and not self.fresh else 0


class Instance:
    """What is the page's of one epoll, whatever its descriptors: streams of the program, by their numbers."""

    def __init__(self):
        self.streams = {}
        # Whether it may be watched by another.
        self.nested = False
        # Threads that wait in it, and how often its streams have been changed.
        self.waiting = set()
        self.changes = 0
        # Who comes first where not all can be told at once.
        self.turn = False

    def change(self, operation, fd, events):
        """epoll_ctl(2) of a stream."""
        if operation != "Delete" and events & EPOLLEXCLUSIVE and (operation == "Modify" or events & ~_EXCLUSIVE):
            raise linux.error(_EINVAL)
        if (fd in self.streams) == (operation == "Add"):
            raise linux.error(_EEXIST if operation == "Add" else _ENOENT)
        if operation == "Modify" and self.streams[fd].events & EPOLLEXCLUSIVE:
            raise linux.error(_EINVAL)
        if self.nested:
            raise wireside.NotAvailable(_NESTED)
        if operation == "Delete":
            del self.streams[fd]
        else:
            self.streams[fd] = _Stream(events)
        self.changes += 1
        for thread in self.waiting - {_threads.ident()}:
            _kernel.wake(thread)

    def ready(self):
        """Streams with an event."""
        _pane.hear()
        return [(fd, events) for fd, stream in self.streams.items() if (events := stream.ready(fd))]

    def after(self):
        """After how many lines of input it is to look again; None where none matter."""
        waits = [after for stream in self.streams.values() if (after := stream.after()) is not None]
        return min(waits, default=None)


def is_watchable(fd):
    """What is asked before an epoll is watched itself."""
    instance = _kernel.epolls.get(fd)
    if instance is not None and instance.streams:
        raise wireside.NotAvailable(_NESTED)


def using(descriptor):
    """The class, with the function of `_select.py` that tells the number of a descriptor."""

    class epoll:
        """An epoll object."""

        _fd = -1

        def __init__(self, sizehint=-1, flags=0):
            if sizehint != -1 and operator.index(sizehint) <= 0:
                raise ValueError("negative sizehint")
            if flags not in (0, EPOLL_CLOEXEC):
                raise OSError("invalid flags")
            if only_tried:
                return
            value, _ = _kernel.call("EpollCreate", {})
            self._fd = value["Descriptor"]
            _kernel.epolls[self._fd] = Instance()

        def _open(self):
            if self._fd == -1:
                raise ValueError("I/O operation on closed epoll object")
            return self._fd

        def register(self, fd, eventmask=EPOLLIN | EPOLLPRI | EPOLLOUT):
            """Watches a descriptor."""
            self._control("Add", descriptor(fd), _mask(eventmask))

        def modify(self, fd, eventmask):
            """Watches it for something else."""
            self._control("Modify", descriptor(fd), _mask(eventmask))

        def unregister(self, fd):
            """Watches it no more."""
            self._control("Delete", descriptor(fd), 0)

        def _control(self, operation, fd, events):
            epoll, instance = self._open(), _kernel.epolls.get(self._fd)
            if instance is not None and fd < 3:
                if fd == 0:
                    # Which says where that cannot be waited for.
                    sys.__stdin__.buffer.fileno()
                return instance.change(operation, fd, events)
            if fd >= _FILES:
                # EBADF where there is none.
                os.fstat(fd)
                raise linux.error(_EPERM)
            if operation == "Add":
                is_watchable(fd)
            _kernel.call("EpollCtl", {"fd": epoll, "operation": operation, "target": fd, "events": events})
            if operation == "Add" and fd in _kernel.epolls:
                _kernel.epolls[fd].nested = True

        def poll(self, timeout=None, maxevents=-1):
            """At most so many with an event; `timeout` in seconds, none or negative for ever."""
            maxevents, epoll = operator.index(maxevents), self._open()
            deadline = _kernel.Deadline(_seconds(timeout))
            if maxevents == -1:
                maxevents = _MOST
            elif maxevents < 1:
                raise ValueError(f"maxevents must be greater than 0, got {maxevents}")
            instance = _kernel.epolls.get(epoll)
            if instance is None:
                return _told(epoll, maxevents, deadline.wait())
            me = _threads.ident()
            instance.waiting.add(me)
            try:
                return _with_streams(epoll, instance, maxevents, deadline)
            finally:
                instance.waiting.discard(me)

        def close(self):
            """Closes its descriptor."""
            fd, self._fd = self._fd, -1
            if fd != -1:
                _kernel.close(fd)

        def __del__(self):
            try:
                self.close()
            except OSError:
                pass

        closed = property(lambda self: self._fd == -1, doc="True if the epoll handler is closed")

        def fileno(self):
            """Its descriptor."""
            return self._open()

        @classmethod
        def fromfd(cls, fd, /):
            """One of a descriptor that there is."""
            made = cls.__new__(cls)
            made._fd = operator.index(fd)
            return made

        def __enter__(self):
            self._open()
            return self

        def __exit__(self, *problem):
            self.close()

    epoll.__module__ = "select"
    epoll.__qualname__ = "epoll"
    return epoll


def _told(epoll, most, wait, **ends):
    value, _ = _kernel.call("EpollWait", {"fd": epoll, "max": most}, wait, **ends)
    return [tuple(pair) for pair in value["Events"]]


def _with_streams(epoll, instance, most, deadline):
    """epoll_wait(2), and the program's own streams beside it."""
    while True:
        changes, ready = instance.changes, instance.ready() if instance.streams else []
        if len(ready) >= most:
            instance.turn = not instance.turn
            ready = ready[: most if instance.turn else most - 1]
        for fd, _ in ready:
            instance.streams[fd].told()
        if len(ready) == most:
            return ready
        after = instance.after()
        ends = {} if after is None else {"line_too": True, "after": after}
        wait = _kernel.NO if ready else deadline.wait()
        try:
            others = _told(epoll, most - len(ready), wait, **ends)
        except InterruptedError:
            # A line of input, or another thread that has changed what is watched.
            if after is None and instance.changes == changes:
                raise
            continue
        finally:
            if instance.changes != changes:
                # Who changed it may have come too late to end this one: it is not to end another.
                _kernel.not_woken()
        if ready or others or wait == _kernel.NO or not _left(deadline):
            return ready + others


def _left(deadline):
    """Whether there is time left to wait."""
    wait = deadline.wait()
    return wait == _kernel.FOREVER or wait != _kernel.NO and wait["Millis"] > 0


def _seconds(timeout):
    """None for ever."""
    if timeout is None:
        return None
    if not isinstance(timeout, float):
        try:
            timeout = operator.index(timeout)
        except TypeError:
            raise TypeError("timeout must be an integer or None") from None
    if timeout != timeout:
        raise ValueError("Invalid value NaN (not a number)")
    if timeout > 2**63 / 1e9:
        raise OverflowError("timestamp out of range for platform time_t")
    if timeout * 1000 > _LONGEST:
        raise OverflowError("timeout is too large")
    return None if timeout < 0 else float(timeout)


def _mask(events):
    # As C takes it, without a look at what is beyond.
    return operator.index(events) & 0xFFFFFFFF
