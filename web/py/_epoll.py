"""CPython's `select.epoll`, made of poll(2) of the machine in the room: what is seen of it are calls of poll.

It reports what is ready. That a program learns only of what has become ready (EPOLLET) needs the kernel's own memory of it,
and is refused. What one thread registers counts at once for another that waits: that one's poll(2) is made anew.
"""

import operator

import _arguments
import _kernel
import _threads
import linux
import wireside
from _vocabulary import EVENTS, POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDHUP

# Linux's numbers are those of poll(2).
EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDHUP = POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLRDHUP
EPOLLRDNORM, EPOLLRDBAND, EPOLLWRNORM, EPOLLWRBAND, EPOLLMSG = 0x40, 0x80, 0x100, 0x200, 0x400
EPOLLEXCLUSIVE, EPOLLWAKEUP, EPOLLONESHOT, EPOLLET = 1 << 28, 1 << 29, 1 << 30, 1 << 31
EPOLL_CLOEXEC = 0o2000000

_ENOENT, _EEXIST, _EINVAL = (linux.ERRNO[name][0] for name in ("ENOENT", "EEXIST", "EINVAL"))
# What may stand beside EPOLLEXCLUSIVE, of which Linux says only that not all who wait need be woken: here all are.
_EXCLUSIVE = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLEXCLUSIVE
# Events that one poll reports, where nothing else is said, as CPython has it.
_MOST = 1023

_EDGES = (
    "This lab's epoll is made of poll(2), which tells what is ready. It cannot tell only what has become ready (EPOLLET): "
    "leave that flag out."
)


def using(descriptor, poll):
    """The class, with functions of `_select.py`: the number of a descriptor, and poll(2)."""

    class epoll:
        """An epoll object."""

        def __init__(self, sizehint=-1, flags=0):
            if sizehint != -1 and operator.index(sizehint) <= 0:
                raise ValueError("negative sizehint")
            if flags not in (0, EPOLL_CLOEXEC):
                raise OSError("invalid flags")
            # Events by descriptor; None when it is closed.
            self._wanted = {}
            # Those that were to be told once, and were.
            self._fired = set()
            # Threads that wait in poll(2), and how often what is watched has been changed.
            self._waiting = set()
            self._changes = 0
            _kernel.watching.add(self)

        def _open(self):
            if self._wanted is None:
                raise ValueError("I/O operation on closed epoll object")
            return self._wanted

        def register(self, fd, eventmask=EPOLLIN | EPOLLPRI | EPOLLOUT):
            """Watches a descriptor."""
            wanted, fd, events = self._open(), descriptor(fd), _mask(eventmask)
            if events & EPOLLEXCLUSIVE and events & ~_EXCLUSIVE:
                raise linux.error(_EINVAL)
            if fd in wanted:
                raise linux.error(_EEXIST)
            wanted[fd] = events
            self._changed()

        def modify(self, fd, eventmask):
            """Watches it for something else."""
            wanted, fd = self._open(), descriptor(fd)
            events = _mask(eventmask)
            if events & EPOLLEXCLUSIVE:
                raise linux.error(_EINVAL)
            if fd not in wanted:
                raise linux.error(_ENOENT)
            if wanted[fd] & EPOLLEXCLUSIVE:
                raise linux.error(_EINVAL)
            wanted[fd] = events
            self._fired.discard(fd)
            self._changed()

        def unregister(self, fd):
            """Watches it no more."""
            wanted, fd = self._open(), descriptor(fd)
            if fd not in wanted:
                raise linux.error(_ENOENT)
            self.forget(fd)
            self._changed()

        def _changed(self):
            self._changes += 1
            for thread in self._waiting - {_threads.ident()}:
                _kernel.wake(thread)

        def forget(self, fd):
            """Whoever closes a descriptor takes it out of every epoll."""
            if self._wanted is not None:
                self._wanted.pop(fd, None)
                self._fired.discard(fd)

        def poll(self, timeout=None, maxevents=-1):
            """At most so many with an event; `timeout` in seconds, none or negative for ever."""
            wanted = self._open()
            if maxevents == -1:
                maxevents = _MOST
            elif operator.index(maxevents) < 1:
                raise ValueError(f"maxevents must be greater than 0, got {maxevents}")
            if timeout is not None and not isinstance(timeout, float):
                try:
                    timeout = operator.index(timeout)
                except TypeError:
                    raise TypeError("timeout must be an integer or None") from None
            deadline = _kernel.Deadline(None if timeout is None or timeout < 0 else float(timeout))
            ready = self._ready(wanted, deadline)[:maxevents]
            self._fired.update(fd for fd, _ in ready if wanted[fd] & EPOLLONESHOT)
            return ready

        def _ready(self, wanted, deadline):
            while True:
                seen = self._poll(wanted, deadline)
                # Of numbers that are no sockets nothing is told.
                for fd, events in seen:
                    if events & POLLNVAL:
                        self.forget(fd)
                # Another thread may have changed what is watched.
                ready = [pair for pair in seen if pair[0] in wanted]
                if ready or not seen:
                    return ready

        def _poll(self, wanted, deadline):
            me = _threads.ident()
            changes = self._changes
            self._waiting.add(me)
            try:
                while True:
                    changes = self._changes
                    pairs = [[fd, events & EVENTS] for fd, events in wanted.items() if fd not in self._fired]
                    try:
                        return poll(pairs, deadline.wait())
                    except InterruptedError:
                        if self._changes == changes:
                            raise
            finally:
                self._waiting.discard(me)
                if self._changes != changes:
                    # Who changed it may have come too late to end this one: it is not to end another.
                    _kernel.not_woken()

        def close(self):
            """Watches nothing any more."""
            self._wanted = None

        closed = property(lambda self: self._wanted is None, doc="True if the epoll handler is closed")

        def fileno(self):
            """Not here: it is no descriptor of the machine."""
            self._open()
            raise wireside.NotAvailable("This lab's epoll is made of poll(2) and has no descriptor of its own.")

        @classmethod
        def fromfd(cls, fd):
            """Not here."""
            raise wireside.NotAvailable("This lab's epoll is made of poll(2) and has no descriptor of its own.")

        def __enter__(self):
            self._open()
            return self

        def __exit__(self, *problem):
            self.close()

    epoll.__module__ = "select"
    epoll.__qualname__ = "epoll"
    return epoll


def _mask(events):
    events = operator.index(events)
    if not 0 <= events < 1 << 32:
        raise OverflowError("unsigned int is out of range" if events > 0 else "can't convert negative value to unsigned int")
    if events & EPOLLET:
        raise wireside.NotAvailable(_EDGES)
    return events
