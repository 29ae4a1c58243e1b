"""CPython's `select` on poll(2) of the machine in the room. `selectors` sits on top, unmodified.

Standard input is no descriptor of the machine: what is typed ends the machine's poll(2), and is then
among what is ready.
"""

import operator
import sys
import time

import _arguments
import _epoll
import _kernel
import _pane
import linux
from _vocabulary import EVENTS as _EVENTS
from _vocabulary import POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDHUP  # noqa: F401

error = OSError
PIPE_BUF = 4096
POLLRDNORM, POLLRDBAND, POLLWRNORM, POLLWRBAND, POLLMSG = 0x40, 0x80, 0x100, 0x200, 0x400


def _descriptor(one):
    """The number of a descriptor or of something that has one."""
    if not isinstance(one, int):
        method = getattr(one, "fileno", None)
        if method is None:
            raise TypeError("argument must be an int, or have a fileno() method.")
        one = method()
        if not isinstance(one, int):
            raise TypeError("fileno() returned a non-integer")
    if one < 0:
        raise ValueError(f"file descriptor cannot be a negative integer ({one})")
    return one


def _poll(wanted, wait):
    """poll(2) of (descriptor, events) pairs: those with an event."""
    if _kernel.epolls:
        for fd, _ in wanted:
            _epoll.is_watchable(fd)
    keyboard = [events for fd, events in wanted if fd == 0]
    if keyboard:
        return _poll_with_keyboard(keyboard[0], [pair for pair in wanted if pair[0] != 0], wait)
    if not wanted:
        # Nothing can happen, so this is a way to sleep.
        if wait != _kernel.NO:
            _kernel.sleep(wait["Millis"] / 1000 if isinstance(wait, dict) else float(10**6))
        return []
    value, _ = _kernel.call("Poll", {"fds": wanted}, wait)
    return [tuple(pair) for pair in value["Ready"]]


def _poll_with_keyboard(events, others, wait):
    """The same with standard input, descriptor 0."""
    until = time.monotonic() + wait["Millis"] / 1000 if isinstance(wait, dict) else None
    _pane.hear()
    while True:
        # A terminal can always be written to.
        seen = events & POLLOUT | (events & POLLIN if sys.__stdin__.buffer.has_bytes() else 0)
        if seen or wait == _kernel.NO:
            return ([(0, seen)] if seen else []) + (_poll(others, _kernel.NO) if others else [])
        if until is not None:
            wait = _kernel.millis(max(until - time.monotonic(), 0))
        if others:
            try:
                return _poll_others(others, wait, bool(events & POLLIN))
            except InterruptedError:
                if not _pane.has_line():
                    raise
        elif not events & POLLIN:
            return _poll([], wait)
        else:
            _pane.wait_for_line(wait["Millis"] if isinstance(wait, dict) else -1)
            _kernel.signals()
            if until is not None and time.monotonic() >= until and not _pane.has_line():
                return []


def _poll_others(others, wait, line_too):
    value, _ = _kernel.call("Poll", {"fds": others}, wait, line_too=line_too)
    return [tuple(pair) for pair in value["Ready"]]


def _seconds(timeout):
    if timeout is None:
        return _kernel.FOREVER
    if not isinstance(timeout, float):
        try:
            timeout = operator.index(timeout)
        except TypeError:
            raise TypeError("timeout must be a float or None") from None
    if timeout < 0:
        raise ValueError("timeout must be non-negative")
    return _kernel.wait_of(timeout)


def _select(rlist, wlist, xlist, timeout=None, /):
    wait = _seconds(timeout)
    lists = []
    for one in (rlist, wlist, xlist):
        try:
            lists.append([(_descriptor(item), item) for item in one])
        except TypeError as problem:
            if "iterable" in str(problem):
                raise TypeError("arguments 1-3 must be sequences") from None
            raise
    events = {}
    for pairs, wanted in zip(lists, (POLLIN, POLLOUT, POLLPRI)):
        for fd, _ in pairs:
            events[fd] = events.get(fd, 0) | wanted
    ready = dict(_poll([list(pair) for pair in events.items()], wait))
    if any(seen & POLLNVAL for seen in ready.values()):
        raise linux.error(9)
    meant = (POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI)
    return tuple([item for fd, item in pairs if ready.get(fd, 0) & mask] for pairs, mask in zip(lists, meant))


class _Function:
    """A function that is no method of a class which has it, as those written in C: `selectors` counts on that."""

    def __call__(self, *args):
        return _select(*args)

    def __repr__(self):
        return "<built-in function select>"


select = _Function()
select.__doc__ = "select(2), made of poll(2)."


class poll:
    """A polling object."""

    def __init__(self):
        self._wanted = {}

    def register(self, fd, eventmask=POLLIN | POLLPRI | POLLOUT, /):
        """Watches a descriptor."""
        self._wanted[_descriptor(fd)] = _arguments.integer(eventmask)

    def modify(self, fd, eventmask, /):
        """Watches it for something else."""
        fd = _descriptor(fd)
        if fd not in self._wanted:
            raise linux.error(2)
        self._wanted[fd] = _arguments.integer(eventmask)

    def unregister(self, fd, /):
        """Watches it no more."""
        del self._wanted[_descriptor(fd)]

    def poll(self, timeout=None, /):
        """Those with an event; `timeout` in milliseconds, none or negative for ever."""
        if timeout is None or timeout < 0:
            wait = _kernel.FOREVER
        else:
            wait = _kernel.wait_of(timeout / 1000)
        return _poll([[fd, events & _EVENTS] for fd, events in self._wanted.items()], wait)


poll.__module__ = "select"
epoll = _epoll.using(_descriptor)
globals().update({name: value for name, value in vars(_epoll).items() if name.startswith("EPOLL")})
