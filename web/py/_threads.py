"""CPython's `_thread`, on stacks that take turns (`stacks.js`). CPython's own `threading.py` sits on top, unmodified.

One thread runs at a time, as under CPython's interpreter lock; every few milliseconds, between two bytecodes, another has
its turn. Nothing in the files of this folder is interrupted so, nor what they call: what they do is done at once, but where
they wait. (Below a function of theirs there may be JavaScript, which cannot be suspended: Pyodide runs Python to convert values.)
"""

import os
import signal
import sys
import time
from collections import deque
from weakref import WeakKeyDictionary, ref

import _script

try:
    import _stacks
except ImportError:
    # This browser cannot suspend a program: there is one thread, and its calls block.
    _stacks = None

# Threads that may live beside the main one.
LIMIT = 64
# The signal by which `_stacks` ends a turn, and tells of others: SIGRTMAX.
_TURN = 64
# Who has waited longer gets a lock when it is released; else whoever comes first. Seconds, as CPython's PyMutex.
_FAIR = 0.001
_LONGEST_MS = 2**31 - 1

_WOKEN, _TIME_OVER, _SIGNAL = 1, 0, -1

_NO_THREADS = (
    "can't start new thread: in this browser a program has one thread, since it cannot suspend a program while another "
    "runs. Current versions of Chrome, Edge and Firefox can."
)
_TOO_MANY = f"can't start new thread: a program of this lab has at most {LIMIT} threads beside the main one"

# What the interpreter's C code calls the only thread it knows.
MAIN = _stacks.ident() if _stacks else 0
# Threads that have begun and not ended, by ident, without the main one.
_living = {}
_last_ident = 1000
_stack_size = 0


def several():
    """Whether there is more than one thread."""
    return bool(_living)


def ident():
    """The thread that runs."""
    return _stacks.ident() if _stacks else MAIN


def name_of(thread):
    """A thread's name, where it has one; None for the main one."""
    if thread == MAIN:
        return None
    # One that is asked for while `threading` itself is being loaded has none.
    active = getattr(sys.modules.get("threading"), "_active", {})
    known = active.get(thread)
    return known.name if known is not None else f"Thread {thread}"


# Waiting


class Doing:
    """What a thread waits for: a call, or a lock (`what`) with or without an end."""

    __slots__ = ("call", "fd", "line", "since", "token", "what", "for_ever", "reads")


# By ident.
doing = {}
# What stands before the lines of a prompt, its first and the others.
signs = []
# What a wait for a lock is called, by the function that the script has called.
_CALLED = {"__enter__": "acquire"}


def wait(call, token, ms=-1, fd=None, what=None, reads=False):
    """Waits in a call, for so many milliseconds: whether it was woken (1), its time is over (0) or a signal came (-1).

    `reads`: a line of input ends it.
    """
    one = Doing()
    one.line, called = _script.where()
    one.call = call or _CALLED.get(called, called) or "wait"
    one.fd, one.since, one.token, one.what = fd, time.time(), token, what
    one.for_ever = ms < 0
    one.reads = reads or one.call == "input"
    me = _stacks.ident()
    doing[me] = one
    try:
        return _stacks.wait(token, ms)
    finally:
        doing.pop(me, None)
        if not _living:
            _on_change()


def next_turn():
    """Lets the others run."""
    _stacks.wait(_stacks.turn())


# Whether `_signals` takes all signals; else the interpreter takes SIGINT.
takes_signals = False


def signals():
    """Runs the handlers of signals that have come, on the main thread."""
    # It stands on this module.
    import _signals

    _signals.run()


_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _turn_is_over(number, frame):
    """The handler of the signal that ends a turn, or tells of others: it comes between two bytecodes."""
    importing = frame is not None and frame.f_code.co_filename.startswith("<frozen importlib._bootstrap")
    if importing or _script.is_ours(frame, _OURS):
        _stacks.due()
        return
    signals()
    if _stacks.can_wait():
        next_turn()


def millis(seconds):
    """Rounded up, as CPython does."""
    return min(-int(-seconds * 1000 // 1), _LONGEST_MS)


# Locks


def _check(blocking, timeout):
    if timeout is None or isinstance(timeout, str):
        raise TypeError(f"'{type(timeout).__name__}' object cannot be interpreted as an integer or float")
    if not blocking and timeout != -1:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0 and timeout != -1:
        raise ValueError("timeout value must be a non-negative number")
    if timeout > TIMEOUT_MAX:
        raise OverflowError("timeout value is too large")


class _Waiter:
    __slots__ = ("token", "granted", "since")


class lock:
    """A flag, and who waits for it in which order."""

    # Who holds it, since which line.
    __slots__ = ("_held", "_queue", "_holder", "_line", "__weakref__")

    def __new__(cls):
        self = object.__new__(cls)
        self._held = False
        self._queue = None
        self._holder = self._line = None
        return self

    def __init_subclass__(cls, **kwargs):
        raise TypeError("type '_thread.lock' is not an acceptable base type")

    def acquire(self, blocking=True, timeout=-1):
        """Takes it, or waits until it is free."""
        if timeout != -1:
            _check(blocking, timeout)
        if not self._held:
            self._take()
            return True
        if not blocking or timeout == 0:
            return False
        return self._wait(timeout)

    def __enter__(self):
        if not self._held:
            self._take()
            return True
        return self._wait(-1)

    def _take(self):
        self._held = True
        if _living:
            self._holder, self._line = _stacks.ident(), _script.line()
        else:
            # A program that has no other thread shall not pay for what it will hardly be asked.
            frame = sys._getframe(2)
            self._holder, self._line = MAIN, (frame.f_code, frame.f_lasti)

    def release(self):
        """Gives it back; any thread may."""
        if not self._held:
            raise RuntimeError("release unlocked lock")
        queue = self._queue
        if not queue:
            self._held = False
            return
        first = queue[0]
        if time.monotonic() - first.since > _FAIR:
            queue.popleft()
            first.granted = True
        else:
            self._held = False
        _stacks.wake(first.token)

    def __exit__(self, *_):
        self.release()

    def _wait(self, timeout):
        if not _stacks:
            # There is nobody who could release it.
            raise RuntimeError("this lock is held, and there is no other thread that could release it")
        until = time.monotonic() + timeout if timeout >= 0 else None
        if self._queue is None:
            self._queue = deque()
        me = _Waiter()
        me.granted = False
        me.since = time.monotonic()
        self._queue.append(me)
        try:
            got = self._wait_in_queue(me, until)
        except BaseException:
            self._give_up(me)
            raise
        if got:
            self._take()
        return got

    def _wait_in_queue(self, me, until):
        while True:
            me.token = _stacks.token()
            why = wait(None, me.token, -1 if until is None else max(millis(until - time.monotonic()), 0), what=self)
            if me.granted:
                return True
            if not self._held or why == _TIME_OVER:
                self._queue.remove(me)
                return not self._held
            if why == _SIGNAL:
                signals()

    def _give_up(self, me):
        if me.granted:
            self.release()
            return
        if me in self._queue:
            self._queue.remove(me)
        # It may have been woken to take it.
        if not self._held and self._queue:
            _stacks.wake(self._queue[0].token)

    def locked(self):
        """Whether it is held."""
        return self._held

    def _at_fork_reinit(self):
        self._held = False
        self._queue = None

    acquire_lock, release_lock, locked_lock = acquire, release, locked

    def __repr__(self):
        return f"<{'locked' if self._held else 'unlocked'} _thread.lock object at {id(self):#x}>"


class RLock:
    """A lock that its owner may take again."""

    __slots__ = ("_block", "_owner", "_count", "__weakref__")

    def __new__(cls, *args, **kwargs):
        if args or kwargs:
            import warnings

            warnings.warn(
                "Passing arguments to RLock is deprecated and will be removed in 3.15", DeprecationWarning, stacklevel=2
            )
        self = object.__new__(cls)
        self._block = lock()
        self._owner = self._count = 0
        return self

    def acquire(self, blocking=True, timeout=-1):
        """Takes it, or waits until it is free."""
        if timeout != -1:
            _check(blocking, timeout)
        me = ident()
        if self._count and self._owner == me:
            self._count += 1
            return True
        if self._block.acquire(blocking, timeout):
            self._owner, self._count = me, 1
            return True
        return False

    __enter__ = acquire

    def release(self):
        """Gives it back, as often as it was taken."""
        if not self._is_owned():
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            self._owner = 0
            self._block.release()

    def __exit__(self, *_):
        self.release()

    def locked(self):
        """Whether it is held."""
        return self._count > 0

    def _is_owned(self):
        return self._count > 0 and self._owner == ident()

    def _recursion_count(self):
        return self._count if self._owner == ident() else 0

    def _acquire_restore(self, state):
        self._block.acquire()
        self._count, self._owner = state

    def _release_save(self):
        if not self._count:
            raise RuntimeError("cannot release un-acquired lock")
        state = (self._count, self._owner)
        self._count = self._owner = 0
        self._block.release()
        return state

    def _at_fork_reinit(self):
        self._block._at_fork_reinit()
        self._owner = self._count = 0

    def __repr__(self):
        held = "locked" if self._count else "unlocked"
        kind = f"{type(self).__module__}.{type(self).__qualname__}"
        return f"<{held} {kind} object owner={self._owner} count={self._count} at {id(self):#x}>"


# A thread's own values. `_thread._local` keeps them in C's thread state, and Pyodide gives all stacks the same ones.

_values = {MAIN: WeakKeyDictionary()}


class _Impl:
    __slots__ = ("arguments", "owner", "__weakref__")


class local:
    """An object whose attributes are others in each thread."""

    __slots__ = ("_local__impl", "__dict__", "__weakref__")

    def __new__(cls, /, *args, **kwargs):
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError("Initialization arguments are not supported")
        self = object.__new__(cls)
        impl = _Impl()
        impl.arguments = (args, kwargs)
        impl.owner = ref(self)
        object.__setattr__(self, "_local__impl", impl)
        _use_own_values(self, begin=False)
        return self

    def __getattribute__(self, name):
        _use_own_values(self)
        return object.__getattribute__(self, name)

    def __setattr__(self, name, value):
        self._refuse_dict(name)
        _use_own_values(self)
        return object.__setattr__(self, name, value)

    def __delattr__(self, name):
        self._refuse_dict(name)
        _use_own_values(self)
        return object.__delattr__(self, name)

    def _refuse_dict(self, name):
        if name == "__dict__":
            raise AttributeError(f"{type(self).__name__!r} object attribute '__dict__' is read-only")


def _use_own_values(self, begin=True):
    impl = object.__getattribute__(self, "_local__impl")
    mine = _values.setdefault(ident(), WeakKeyDictionary())
    values = mine.get(impl)
    if values is not None:
        object.__setattr__(self, "__dict__", values)
        return
    values = mine[impl] = {}
    object.__setattr__(self, "__dict__", values)
    args, kwargs = impl.arguments
    if begin and type(self).__init__ is not object.__init__:
        type(self).__init__(self, *args, **kwargs)
        _use_own_values(self)


def _forget_values(thread):
    """A thread ends, and its values go, also where an object was looked at by it last."""
    for impl in _values.pop(thread, ()):
        owner = impl.owner()
        if owner is not None:
            object.__setattr__(owner, "__dict__", {})


# Threads


class _ThreadHandle:
    """What `threading` joins."""

    __slots__ = ("ident", "_state", "_waiting", "_daemon", "_function", "__weakref__")

    def __init__(self):
        self.ident = 0
        self._state = "new"
        self._waiting = []
        self._daemon = True
        self._function = None

    def is_done(self):
        """Whether it has ended."""
        return self._state == "done"

    def _set_done(self):
        if self._state == "new":
            raise RuntimeError("thread not started")
        self._end()

    def _end(self):
        self._state = "done"
        waiting, self._waiting = self._waiting, []
        for token in waiting:
            _stacks.wake(token)

    def join(self, timeout=None):
        """Waits for its end."""
        if timeout is not None and not isinstance(timeout, (int, float)):
            raise TypeError(f"'{type(timeout).__name__}' object cannot be interpreted as an integer")
        if self._state == "new":
            raise RuntimeError("thread not started")
        if self._state != "done" and self.ident == ident():
            raise RuntimeError("Cannot join current thread")
        until = time.monotonic() + timeout if timeout is not None and timeout >= 0 else None
        while self._state != "done":
            left = -1 if until is None else max(millis(until - time.monotonic()), 0)
            if left == 0 or self._wait(left) == _TIME_OVER:
                return

    def _wait(self, ms):
        token = _stacks.token()
        self._waiting.append(token)
        try:
            why = wait("join", token, ms, what=self)
            if why == _SIGNAL:
                signals()
            return why
        finally:
            if token in self._waiting:
                self._waiting.remove(token)

    def __repr__(self):
        return f"<_ThreadHandle object: ident={self.ident}>"


def _make_thread_handle(thread):
    handle = _ThreadHandle()
    handle.ident = thread
    handle._state = "running"
    return handle


def _start(handle):
    global _last_ident
    if not _stacks:
        raise RuntimeError(_NO_THREADS)
    if len(_living) >= LIMIT:
        raise RuntimeError(_TOO_MANY)
    _last_ident += 1
    handle.ident = _last_ident
    handle._state = "running"
    _living[handle.ident] = handle
    _stacks.count(len(_living) + 1)
    _stacks.spawn(handle.ident)
    return handle


def start_joinable_thread(function, handle=None, daemon=True):
    """Starts a thread that can be joined."""
    if not callable(function):
        raise TypeError("thread function must be callable")
    if handle is None:
        handle = _ThreadHandle()
    elif type(handle) is not _ThreadHandle:
        raise TypeError("'handle' must be a _ThreadHandle")
    if handle._state != "new":
        raise RuntimeError("thread already started")
    handle._daemon = daemon
    handle._function = (function, (), {})
    return _start(handle)


def start_new_thread(function, args, kwargs={}, /):  # noqa: B006
    """Starts a thread; its ident."""
    if not callable(function):
        raise TypeError("first arg must be callable")
    if not isinstance(args, tuple):
        raise TypeError("2nd arg must be a tuple")
    if not isinstance(kwargs, dict):
        raise TypeError("optional 3rd arg must be a dictionary")
    handle = _ThreadHandle()
    handle._function = (function, args, kwargs)
    return _start(handle).ident


def begin_main():
    """The main thread begins, on the stack that it is on."""
    if _stacks:
        _stacks.become(MAIN)


@_script.calls_program
def enter(thread):
    """The first call of a thread's stack, made by `stacks.js`."""
    _stacks.become(thread)
    handle = _living[thread]
    function, args, kwargs = handle._function
    handle._function = None
    try:
        _set_running_loop(None)
        function(*args, **kwargs)
    except SystemExit:
        pass
    except BaseException as problem:
        told = problem.with_traceback(problem.__traceback__.tb_next)
        _tell_unraisable(told, f"Exception ignored in thread started by {function!r}")
    finally:
        del function, args, kwargs
        _living.pop(thread, None)
        _stacks.count(len(_living) + 1)
        _forget_values(thread)
        handle._end()
        if not _living:
            _on_change()
        _stacks.become(0)


# The page has to be told at once, since the event loop may have no turn for a long time.
def _on_change():
    pass


def on_change(function):
    """Calls it when the last thread but the main one has ended, and when a thread goes on that is alone."""
    global _on_change
    _on_change = function


def _shutdown():
    """Waits for those that are no daemons, at the end of the program."""
    while True:
        left = [handle for handle in _living.values() if not handle._daemon and handle.ident != ident()]
        if not left:
            return
        try:
            left[0].join()
        except BaseException as problem:
            # Its traceback has nothing but frames of ours.
            told = problem.with_traceback(None)
            _tell_unraisable(told, "Exception ignored while joining a thread in _thread._shutdown()")
            return


def _tell_unraisable(problem, words):
    told = _Unraisable((type(problem), problem, problem.__traceback__, words, None))
    try:
        sys.unraisablehook(told)
    except BaseException:
        sys.__unraisablehook__(told)


def stack_size(size=0, /):
    """Notes what is asked; each stack has the same size here."""
    global _stack_size
    if size < 0:
        raise ValueError("size must be 0 or a positive value")
    if 0 < size < 32768:
        raise ValueError(f"size not valid: {size} bytes")
    was, _stack_size = _stack_size, size
    return was


def interrupt_main(signum=signal.SIGINT, /):
    """Simulates a signal that comes to the main thread."""
    if not 1 <= signum < 65:
        raise ValueError("signal number out of range")
    if signum != signal.SIGINT:
        _interrupt_main(signum)
    elif signal.getsignal(signum) not in (signal.SIG_IGN, signal.SIG_DFL):
        _stacks.interrupt()
        if ident() == MAIN:
            signals()


# What the page is told


def report():
    """What each thread does, the main one first, for the page."""
    main = doing.get(MAIN)
    threads = [_words(MAIN, main)] + [_words(thread, doing.get(thread)) for thread in list(_living)]
    # The main thread, if it is at a prompt: else whoever asks for a line.
    reading = next((one for one in threads if one["call"] in ("prompt", "input")), None)
    waiting = all(one["call"] for one in threads)
    # Where the main thread waits for another, that one's call says more.
    shown = reading or next((one for one in threads if one["call"] and not one["awaits"]), threads[0])
    state = "input" if reading else "waiting" if waiting else "running"
    told = {"state": state, "threads": threads if _living else [], "deadlock": waiting and _deadlocked()}
    if state != "running":
        told.update({key: shown[key] for key in ("call", "fd", "line", "since")})
    if reading:
        # Each line that is asked for is another one.
        told["asked"] = sum(one.token for one in doing.values() if one.call in ("prompt", "input"))
        if reading["call"] == "prompt":
            told["prompt"] = signs
    asking = [(name_of(thread), one) for thread, one in list(doing.items()) if one.reads]
    if asking:
        told["reads"] = [{"thread": name if _living else None, "call": one.call, "line": one.line} for name, one in asking]
    return told


def _words(thread, one):
    words = {"name": name_of(thread) or "MainThread", "call": None, "fd": None, "line": None, "since": None, "awaits": None}
    if one is not None:
        words.update(call=one.call, fd=one.fd, line=one.line, since=int(one.since * 1000))
        if one.what is not None:
            words["awaits"] = _held_by(one.what, thread)
    return words


def _held_by(what, thread):
    """Whom a lock or a join waits for: a name, since which line it holds the lock."""
    if isinstance(what, _ThreadHandle):
        return {"thread": name_of(what.ident), "line": None, "ends": True}
    holder = what._holder
    # One that its waiter has taken itself waits to be woken: a condition, an event, a queue.
    if holder is None or (holder == thread and _wakes(thread)) or (holder != MAIN and holder not in _living):
        return {"thread": None, "line": None, "ends": False}
    line = _line_at(*what._line) if isinstance(what._line, tuple) else what._line
    return {"thread": name_of(holder) or "MainThread", "line": line, "ends": False}


def _line_at(code, offset):
    """The line of an instruction, where it is of the script."""
    if code.co_filename != _script.name:
        return None
    return next((line for start, end, line in code.co_lines() if start <= offset < end), None)


def _wakes(thread):
    return doing[thread].call != "acquire"


def _deadlocked():
    """Whether nobody is left who could wake anybody: all wait for locks or each other, for ever, and no handler is to come."""
    # It stands on this module.
    import _signals

    return not _signals.may_help() and all(_is_stuck(doing.get(thread)) for thread in (MAIN, *_living))


def _is_stuck(one):
    """Whether a thread waits for ever for what is not free; one that has been woken goes on at its next turn."""
    if one is None or one.what is None or not one.for_ever:
        return False
    if isinstance(one.what, _ThreadHandle):
        return not one.what.is_done()
    return one.what.locked() and any(waiter.token == one.token for waiter in one.what._queue)


# In the place of CPython's


class _Raises:
    def __del__(self):
        raise ValueError


def _unraisable_type():
    """The type that `sys.unraisablehook` insists on has no public name."""
    kept, seen = sys.unraisablehook, []
    sys.unraisablehook = lambda told: seen.append(type(told))
    _Raises()
    sys.unraisablehook = kept
    return seen[0]


# Those which hold locks of C, or a name of the old `threading`.
_AGAIN = (
    "threading", "queue", "logging", "concurrent.futures", "concurrent.futures.thread", "concurrent.futures._base",
    "socketserver", "_threading_local",
)  # fmt: skip


def install():
    """Puts it in the place of the interpreter's `_thread`, before any script and any module of ours that has threads."""
    global TIMEOUT_MAX, _Unraisable, _set_running_loop, _interrupt_main
    import _thread
    from _asyncio import _set_running_loop

    TIMEOUT_MAX = _thread.TIMEOUT_MAX
    _interrupt_main = _thread.interrupt_main
    _Unraisable = _unraisable_type()
    for one in (lock, RLock, _ThreadHandle, local):
        one.__module__ = "_thread"
    local.__qualname__ = local.__name__ = "_local"
    functions = (start_joinable_thread, start_new_thread, _shutdown, stack_size, interrupt_main, _make_thread_handle)
    for function in functions:
        function.__module__ = "_thread"
        setattr(_thread, function.__name__, function)
    # The classes and not functions: those would bind as methods.
    _thread.lock = _thread.LockType = _thread.allocate_lock = _thread.allocate = lock
    _thread.RLock, _thread._local, _thread._ThreadHandle = RLock, local, _ThreadHandle
    _thread.start_new = start_new_thread
    _thread.get_ident = _stacks.ident
    _thread._get_main_thread_ident = lambda: MAIN
    _thread.daemon_threads_allowed = lambda: True
    _thread._count = lambda: len(_living)
    # Then queue.SimpleQueue is Python's.
    sys.modules["_queue"] = None
    signal.signal(_TURN, _turn_is_over)
    _load_again()


def refuse():
    """Where no program can be suspended: no thread starts, and why."""
    import _thread
    import threading

    def start(*args, **kwargs):
        raise RuntimeError(_NO_THREADS)

    for module in (_thread, threading):
        for name in ("start_new_thread", "start_new", "start_joinable_thread", "_start_new_thread", "_start_joinable_thread"):
            if hasattr(module, name):
                setattr(module, name, start)


def _load_again():
    import functools
    import importlib
    from asyncio import events

    old = {}
    for name in _AGAIN:
        module = sys.modules.pop(name, None)
        if module is not None:
            old[id(module)] = name
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", None) or {}
        for name, value in list(names.items()):
            if id(value) in old and value.__class__ is type(sys):
                names[name] = importlib.import_module(old[id(value)])
    import threading

    functools.RLock = RLock

    class Local(threading.local):
        _loop = None

    policy = getattr(events, "_BaseDefaultEventLoopPolicy", None)
    if policy is not None:
        policy._Local = Local
