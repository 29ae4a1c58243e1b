"""CPython's `signal` for a program without a kernel of its own: timers, masks, and signals that it sends itself.

Handlers are where `signal.signal` keeps them, and run on the main thread: between two bytecodes, and wherever it waits. As in
CPython (PEP 475) the call that waits then goes on, unless the handler raises.

Ctrl-C alone needs nothing of this: it is the interpreter's. From the first timer on, and while SIGINT is blocked, `stacks.js` hands all
signals over to `run`.
"""

import functools
import json
import math
import operator
import os
import signal
import sys
import time

import _kernel
import _pane
import _script
import _threads
import linux

_SIGINT, _SIGKILL, _SIGALRM, _SIGSTOP = 2, 9, 14, 19
# Nobody hears of them, unless there is a handler: SIGCHLD, SIGCONT, SIGURG, SIGWINCH.
_IGNORED = frozenset((17, 18, 23, 28))
# They would stop a process until it is continued.
_STOPPING = frozenset((19, 20, 21, 22))
# What a shell says of a process that one of them has ended.
_LAST_WORDS = {
    1: "Hangup", 3: "Quit", 4: "Illegal instruction", 5: "Trace/breakpoint trap", 6: "Aborted", 7: "Bus error",
    8: "Floating point exception", 9: "Killed", 10: "User defined signal 1", 11: "Segmentation fault",
    12: "User defined signal 2", 14: "Alarm clock", 15: "Terminated", 24: "CPU time limit exceeded",
    25: "File size limit exceeded", 26: "Virtual timer expired", 27: "Profiling timer expired",
}  # fmt: skip
_EINVAL, _ESRCH, _ENOSYS = (linux.ERRNO[name][0] for name in ("EINVAL", "ESRCH", "ENOSYS"))

ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF = 0, 1, 2
SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK = 0, 1, 2

_NO_CPU_TIMER = "only ITIMER_REAL is here: a browser tells nobody how much processor time a program has taken"
_NO_TIMER = "in this browser a program has no timer: it cannot be suspended. A current Chrome, Edge or Firefox can"
_NO_STOPPING = "a program of this page cannot be stopped and continued; Stop ends it"


class ItimerError(OSError):
    """A timer that cannot be set."""


ItimerError.__module__, ItimerError.__name__, ItimerError.__qualname__ = "signal", "itimer_error", "itimer_error"

# When SIGALRM comes next, of `time.monotonic()`, and after how many seconds again.
_due = None
_every = 0.0
# By thread: what it has blocked. Signals are for the main one.
_masks = {}
# Those that have come and are blocked, or waited for.
_held = set()
_awaited = frozenset()
# How many have been handled.
_handled = 0
_wakeup_fd = -1


def _blocked():
    return _masks.get(_threads.MAIN, frozenset())


def _arrange():
    """Who takes signals: the interpreter takes Ctrl-C by itself, where there is nothing else."""
    all_of_them = _due is not None or _SIGINT in _blocked() or bool(_awaited)
    if _threads._stacks and all_of_them != _threads.takes_signals:
        _threads.takes_signals = all_of_them
        _threads._stacks.take_all_signals(int(all_of_them))


def run():
    """Runs the handlers of what has come, on the main thread."""
    if _threads.ident() != _threads.MAIN:
        return
    while number := _pane.take_signal():
        if number == _SIGALRM and not _rings():
            continue
        _come(number)


def may_help():
    """Whether a handler may run yet though no thread does: a timer is set, or the program takes Ctrl-C itself."""
    return _due is not None or signal.getsignal(_SIGINT) not in (signal.default_int_handler, signal.SIG_DFL, signal.SIG_IGN)


def _rings():
    """Whether the timer's time has come: it may have been set anew since, and a browser's clock takes no long times."""
    global _due
    if _due is None:
        return True
    now = time.monotonic()
    if now + 0.001 < _due:
        _start_clock()
        return False
    if _every:
        # Those that were missed are one.
        _due += _every * max(math.ceil((now - _due) / _every), 1)
        _start_clock()
    else:
        _due = None
        _arrange()
    return True


def _start_clock():
    left = -1 if _due is None else _threads.millis(max(_due - time.monotonic(), 0))
    _threads._stacks.set_alarm(left)


def _come(number):
    """A signal comes to the main thread."""
    global _handled
    if number in _awaited or number in _blocked() and number not in (_SIGKILL, _SIGSTOP):
        _held.add(number)
        return
    handler = signal.getsignal(number)
    if handler == signal.SIG_IGN or handler is None:
        return
    if handler == signal.SIG_DFL:
        _default(number)
        return
    _handled += 1
    if _wakeup_fd != -1:
        _wake_up(number)
    _call(handler, number, _frame_of_program())


@_script.calls_program
def _call(handler, number, frame):
    handler(number, frame)


def _frame_of_program():
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_threads._OURS):
        frame = frame.f_back
    return frame


def _wake_up(number):
    try:
        _kernel.call("Send", {"fd": _wakeup_fd, "flags": 0, "length": 1}, _kernel.NO, bytes([number]))
    except (OSError, _kernel.Failure) as problem:
        print(f"Exception ignored while trying to send to the signal wakeup fd: {problem}", file=sys.stderr)


def _default(number):
    """What a signal does to a process without a handler."""
    if number in _IGNORED:
        return
    if number in _STOPPING:
        raise OSError(_ENOSYS, f"signal {number}: {_NO_STOPPING}")
    if number in _LAST_WORDS:
        sys.__stderr__.write(_LAST_WORDS[number] + "\n")
    _pane.end(json.dumps({"status": "terminated", "code": 128 + number, "error": None}))
    _pane.halt()


def _number(value):
    number = operator.index(value)
    if not 1 <= number < signal.NSIG:
        raise ValueError("signal number out of range")
    return number


def _send(number):
    """To this program."""
    if _threads.ident() == _threads.MAIN:
        _come(number)
        return
    # The main thread takes it where it is next.
    _threads.takes_signals = True
    _threads._stacks.take_all_signals(1)
    _threads._stacks.raise_signal(number)


# What programs call


def raise_signal(signalnum, /):
    """Sends a signal to this program."""
    _send(_number(signalnum))


def kill(pid, signal, /):
    """kill(2): there is no other process than this program."""
    pid, number = operator.index(pid), operator.index(signal)
    if pid not in (0, os.getpid(), -os.getpid()):
        raise linux.error(_ESRCH)
    if not 0 <= number < 65:
        raise linux.error(_EINVAL)
    if number:
        _send(number)


def pthread_kill(thread_id, signalnum, /):
    """Sends a signal to a thread; its handler runs on the main one, as in CPython."""
    number = operator.index(signalnum)
    if thread_id != _threads.MAIN and thread_id not in _threads._living:
        raise linux.error(_ESRCH)
    if number:
        _send(_number(number))


def abort():
    """Ends this program as abort(3) does."""
    _default(6)


def _set(seconds, interval):
    """Sets the timer: what was left of it, and its interval."""
    global _due, _every
    was = getitimer(ITIMER_REAL)
    if not _threads._stacks:
        raise OSError(_ENOSYS, f"signal: {_NO_TIMER}")
    _due = time.monotonic() + seconds if seconds else None
    _every = interval if seconds else 0.0
    _arrange()
    _start_clock()
    return was


def alarm(seconds, /):
    """alarm(2): SIGALRM after so many seconds, 0 for never. How many of an earlier one were left."""
    left, _ = _set(max(operator.index(seconds), 0), 0.0)
    return max(round(left), 1) if left else 0


def setitimer(which, seconds, interval=0.0, /):
    """setitimer(2): SIGALRM after so many seconds, then after each interval."""
    which, seconds, interval = operator.index(which), float(seconds), float(interval)
    if which in (ITIMER_VIRTUAL, ITIMER_PROF):
        raise ItimerError(_ENOSYS, f"signal.setitimer: {_NO_CPU_TIMER}")
    if which != ITIMER_REAL or seconds < 0 or interval < 0:
        raise ItimerError(_EINVAL, linux.strerror(_EINVAL))
    return _set(seconds, interval)


def getitimer(which, /):
    """getitimer(2): seconds that are left, and the interval."""
    if operator.index(which) not in (ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF):
        raise ItimerError(_EINVAL, linux.strerror(_EINVAL))
    if which != ITIMER_REAL or _due is None:
        return 0.0, 0.0
    return max(_due - time.monotonic(), 1e-6), _every


def pause():
    """pause(2): waits until a handler has run."""
    before = _handled
    while _handled == before:
        _pane.sleep(10**9, "pause")
        run()


def pthread_sigmask(how, mask, /):
    """Blocks signals for the thread that calls; what was blocked before."""
    numbers = frozenset(map(_number, mask)) - {_SIGKILL, _SIGSTOP}
    me = _threads.ident()
    was = _masks.get(me, frozenset())
    match operator.index(how):
        case 0:
            _masks[me] = was | numbers
        case 1:
            _masks[me] = was - numbers
        case 2:
            _masks[me] = numbers
        case _:
            raise linux.error(_EINVAL)
    _arrange()
    if me == _threads.MAIN:
        for number in sorted(_held - _blocked()):
            _held.discard(number)
            _come(number)
    return set(map(_named, was))


def sigpending():
    """Those that have come and are blocked."""
    return set(map(_named, _held))


def _named(number):
    try:
        return signal.Signals(number)
    except ValueError:
        return number


def _wait_for(sigset, until):
    """Waits until one of them has come, and takes it: its number, None when the time is over."""
    global _awaited
    _awaited = frozenset(map(_number, sigset))
    _arrange()
    try:
        while not (came := sorted(_held & _awaited)):
            left = 10**9 if until is None else (until - time.monotonic()) * 1000
            if left <= 0:
                return None
            _pane.sleep(left, "sigwait")
            run()
    finally:
        _awaited = frozenset()
        _arrange()
    _held.discard(came[0])
    return came[0]


def sigwait(sigset, /):
    """Waits for one of these signals, and takes it."""
    return _named(_wait_for(sigset, None))


def _told(number):
    # By kill(2) or the kernel: who has sent it nobody has asked.
    return None if number is None else signal.struct_siginfo((number, 0, 0, os.getpid(), 0, 0, 0))


def sigwaitinfo(sigset, /):
    """The same, with what is known of it."""
    return _told(_wait_for(sigset, None))


def sigtimedwait(sigset, timeout, /):
    """The same, for at most so many seconds: None when they are over."""
    if timeout < 0:
        raise ValueError("timeout must be non-negative")
    return _told(_wait_for(sigset, time.monotonic() + timeout))


def set_wakeup_fd(fd, /, *, warn_on_full_buffer=True):
    """A socket to which a byte is sent for each signal that is handled; the one before."""
    global _wakeup_fd
    if _threads.ident() != _threads.MAIN:
        raise ValueError("set_wakeup_fd only works in main thread of the main interpreter")
    was, _wakeup_fd = _wakeup_fd, operator.index(fd)
    return was


def siginterrupt(signalnum, flag, /):
    """Calls go on after a signal, unless its handler raises (PEP 475): nothing to be set."""
    _number(signalnum)


def _for_main_only():
    """To C every thread is the main one."""
    set_handler = signal.signal

    @functools.wraps(set_handler)
    def checked(signalnum, handler):
        if _threads.ident() != _threads.MAIN:
            raise ValueError("signal only works in main thread of the main interpreter")
        if signalnum in (_SIGKILL, _SIGSTOP):
            raise linux.error(_EINVAL)
        return set_handler(signalnum, handler)

    signal.signal = checked


def install():
    """Puts them in the place of `signal`'s and `os`'s."""
    _for_main_only()
    for one in (
        raise_signal, pthread_kill, alarm, setitimer, getitimer, pause, pthread_sigmask, sigpending, sigwait, sigwaitinfo,
        sigtimedwait, set_wakeup_fd, siginterrupt,
    ):  # fmt: skip
        one.__module__ = "signal"
        setattr(signal, one.__name__, one)
    signal.ItimerError = ItimerError
    signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF = ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF
    for name in ("SIG_BLOCK", "SIG_UNBLOCK", "SIG_SETMASK"):
        if not hasattr(signal, name):
            setattr(signal, name, globals()[name])
    os.kill, os.abort = kill, abort
