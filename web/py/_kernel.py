"""System calls: one request to the machine's kernel, its answer, and failures as Python's exceptions.

A waiting call is cancelled by Stop. As in CPython (PEP 475) the signal's handler then runs, which as a rule raises
KeyboardInterrupt; if it does not, the call goes on with the time that is left.
"""

import json
import time

from _builtin_socket import gaierror

import _pane
import _script
import _threads
import linux
import wireside
from _vocabulary import CALL_PAYLOAD as PAYLOAD

# No such address here, no way there.
_NOWHERE = (linux.ERRNO["EADDRNOTAVAIL"][0], linux.ERRNO["ENETUNREACH"][0])
_NO_IPV6 = "The machines of this lab have no IPv6, not even on their loopback: use AF_INET and IPv4 addresses."

FOREVER = "Forever"
NO = "No"
EINTR = linux.ERRNO["EINTR"][0]
LONGEST_WAIT_MS = 2**32 - 1

# Of requests, as in the protocol, their names in the man pages, where those differ by more than capitals.
_NAMES = {
    "Resolve": "getaddrinfo",
    "Interfaces": "if_nameindex",
    "EpollCreate": "epoll_create1",
    "EpollCtl": "epoll_ctl",
    "EpollWait": "epoll_wait",
}
# Those that another thread may end.
_POLLS = ("Poll", "EpollWait")


class Failure(Exception):
    """A call that failed after the kernel had taken some bytes already."""

    def __init__(self, taken, error):
        self.taken = taken
        self.error = error
        # By a signal whose handler has run.
        self.interrupted = isinstance(error, InterruptedError)


class Deadline:
    """The end of a socket's timeout, from now on."""

    def __init__(self, timeout):
        self._timeout = timeout
        self._until = time.monotonic() + timeout if timeout else None

    def wait(self):
        """What is left of it."""
        if self._until is None:
            return wait_of(self._timeout)
        return millis(max(self._until - time.monotonic(), 0))


def millis(seconds):
    """A wait of so many seconds, rounded up as CPython does."""
    return {"Millis": min(-int(-seconds * 1000 // 1), LONGEST_WAIT_MS)}


def wait_of(timeout):
    """A wait from a socket's timeout."""
    return FOREVER if timeout is None else NO if timeout == 0 else millis(timeout)


# Threads whose poll(2) is to end, although no handler of a signal raises anything: asyncio's.
_woken = set()


def wake(thread):
    """Ends the poll(2) or sleep in which a thread is, or is about to be, with EINTR."""
    _woken.add(thread)
    if thread != _threads.ident():
        _pane.interrupt(thread)


def not_woken():
    """Forgets about it: the thread looks for itself."""
    _woken.discard(_threads.ident())


def _end_if_woken():
    if _woken and _threads.ident() in _woken:
        _woken.discard(_threads.ident())
        raise InterruptedError(EINTR, linux.strerror(EINTR))


signals = _threads.signals

# Calls made so far.
_made = 0


def call(name, fields, wait=FOREVER, payload=None, line_too=False, after=0):
    """Makes a call in the protocol's own form. Its value, and the bytes that came with it.

    `line_too`: InterruptedError when a line of input can be read before the call has ended, and more than `after` have come.
    """
    global _made
    until = time.monotonic() + wait["Millis"] / 1000 if isinstance(wait, dict) else None
    while True:
        if _woken and name in _POLLS:
            _end_if_woken()
        request = {"call": {name: fields}, "wait": wait, "line": _script.line()}
        if _threads._living:
            request["thread"] = _threads.name_of(_threads.ident())
        asked = json.dumps(request)
        # From here to the message no other thread has a turn: calls are numbered in the order in which they are made, those
        # that the trace has.
        _made += name not in ("Stat", "Interfaces")
        number = _made
        answer = _pane.call(asked, payload, _NAMES.get(name, name.lower()), fields.get("fd"), line_too, after)
        value, error = None, None
        if answer is not None:
            text, data = answer
            reply = json.loads(text)
            error = reply.get("error")
            if error is None:
                return reply["ok"], data
        if error is not None and not (error["class"] == "errno" and error["errno"] == EINTR):
            break
        signals()
        if name in _POLLS:
            _end_if_woken()
        if line_too and _pane.has_line() and _pane.lines_come() > after:
            raise InterruptedError(EINTR, linux.strerror(EINTR))
        if error is not None and error.get("taken"):
            break
        if until is not None:
            wait = millis(max(until - time.monotonic(), 0))
    # No name holds the exception: it holds this frame, and a circle would keep the script's sockets open.
    if error.get("taken"):
        raise Failure(error["taken"], _exception(error, name, fields))
    raise _exception(error, name, fields)


# Family, type and protocol of the sockets that this program has, by their descriptors.
made = {}

# Those that are epolls, by their descriptors: what is the page's of each.
epolls = {}

# Descriptors that a program which is started would have.
inheritable = set()


class Opened:
    """What is known of an open socket beside that: whether calls wait (O_NONBLOCK), and which end of a pipe it is."""

    __slots__ = ("nonblocking", "end")

    def __init__(self, end=None):
        self.nonblocking = False
        self.end = end


# Of those that are not as they were made, by their descriptors: copies have the same.
_opened = {}


def opened(fd):
    """What is known of the open socket of a descriptor."""
    return _opened.setdefault(fd, Opened())


def limit(fd, timeout):
    """The timeout of a call on a descriptor: none at all where the open socket is not to wait."""
    if timeout is None and _opened and (found := _opened.get(fd)) is not None and found.nonblocking:
        return 0.0
    return timeout


def dup(fd):
    """dup(2): one more descriptor of the same open socket."""
    value, _ = call("Dup", {"fd": fd})
    again = value["Descriptor"]
    if fd in made:
        made[again] = made[fd]
        _opened[again] = opened(fd)
    if fd in epolls:
        epolls[again] = epolls[fd]
    return again


def pair(family, kind, traits, ends=(None, None)):
    """socketpair(2): two descriptors, and what is known of them."""
    value, _ = call("SocketPair", {"family": family, "kind": kind})
    for fd, end in zip(value["Pair"], ends):
        made[fd] = traits
        if end is not None:
            _opened[fd] = Opened(end)
    return value["Pair"]


def close(fd):
    """close(2): whatever it answers, the descriptor is gone."""
    made.pop(fd, None)
    _opened.pop(fd, None)
    inheritable.discard(fd)
    epolls.pop(fd, None)
    call("Close", {"fd": fd})


def origin_of(problem):
    """The call whose own failure this exception is: its number among the calls made, and its name. None for any other."""
    if not isinstance(problem, OSError):
        return None
    cause = problem.__context__
    if isinstance(cause, Failure) and cause.error is problem:
        problem = cause
    made = problem.__traceback__
    while made is not None and made.tb_next is not None:
        made = made.tb_next
    # An exception's traceback ends where it was raised, whoever raised it again.
    if made is None or made.tb_frame.f_code is not call.__code__:
        return None
    asked = made.tb_frame.f_locals
    name = asked["name"]
    return {"number": asked["number"], "name": _NAMES.get(name, name.lower())}


def sleep(seconds):
    """Sleeps as time.sleep does."""
    until = time.monotonic() + seconds
    while True:
        _pane.sleep(max(until - time.monotonic(), 0) * 1000)
        signals()
        _end_if_woken()
        if time.monotonic() >= until:
            return


def _exception(error, name, fields):
    match error["class"]:
        case "errno":
            problem = linux.error(error["errno"])
            if error["errno"] in _NOWHERE and fields.get("address", "").startswith("["):
                problem.add_note(_NO_IPV6)
            return problem
        case "timed_out":
            return TimeoutError("timed out")
        case "resolve":
            return gaierror(error["number"], error["message"])
        case "policy" if name == "Resolve":
            return wireside.NamePolicyError(error["rule"], fields["name"])
        case "policy":
            return wireside.PolicyError(error["rule"], error["value"])
        case "limit":
            return wireside.LimitError(error["limit"], error["value"])
        case "session":
            return wireside.RoomOver(f"The sockets of this program are gone: {error['message']}.")
        case _:
            said = error.get("message") or error.get("rule") or "no reason given"
            return wireside.LabError(f"The lab could not make this call: {said}.")
