"""The worker that this program runs in, in Python's types. The only file here that knows Pyodide.

A call blocks the worker while memory is shared and there is one thread; else it suspends the thread, and others run.
"""

import json

import _bridge
import _threads
from pyodide.ffi import to_js

if _threads._stacks:
    import _stacks

# Those whom a program asks: by calls that block (None where memory is not shared), and by messages (None where the browser
# cannot suspend a program).
_sys = _messages = None
_SIGINT = 2
# What the page knows.
_told = None
_RUNNING = json.dumps({"state": "running", "threads": [], "deadlock": False})


def begin():
    """The program begins."""
    global _sys, _messages
    ends = _bridge.ends()
    # Null is an object of its own.
    _sys, _messages = ends.sys or None, ends.messages or None
    if _sys is not None and _messages is not None:
        _threads.on_change(_alone)


def ending(ended):
    """The script has ended like this, and its threads may not have."""
    if _threads._living:
        _bridge.ends().ending(ended)


def end(ended):
    """It has ended: how, as JSON. Does not wait."""
    _bridge.ends().end(ended)


def halt():
    """Waits for the page to end this worker."""
    while True:
        if _sys is not None:
            _sys.sleep(10**9, "sleep")
        else:
            _stacks.wait(_stacks.token())


def _blocks():
    """Whether this worker sleeps while the program waits: nobody else is to run meanwhile, no thread and no clock."""
    return _sys is not None and not _threads._living and not _threads.takes_signals


def machines():
    """The room's machines: each its name, its other names, and its address. No call is made for it."""
    return [(one["name"], one["aliases"], one["address"]) for one in json.loads(_bridge.ends().machines())]


def call(request, payload, name, fd, line_too=False, after=0):
    """Makes a call and waits for its answer: JSON and bytes. None when there was none.

    `line_too`: the call ends as by a signal when a line of input can be read, and more than `after` have come in all.
    """
    data = None if payload is None else to_js(payload)
    if _blocks() and not line_too:
        answer = _sys.call(request, data, name, fd)
    else:
        token = _stacks.token()
        _messages.ask(token, request, data)
        if line_too:
            _messages.endAtLine(token, after)
        _threads.wait(name, token, fd=fd, reads=line_too)
        if line_too:
            _messages.endedAlone(token)
        answer = _messages.answer(token)
    return (answer.text, answer.bytes.to_bytes()) if answer else None


def interrupt(thread):
    """Ends the wait of another thread, in a call or asleep, as a signal does."""
    one = _threads.doing.get(thread)
    if one is not None and not _messages.cancel(one.token):
        _stacks.wake(one.token)


def sleep(ms, call="sleep"):
    """Sleeps, or less when there is a signal."""
    if _blocks():
        _sys.sleep(ms, call)
    elif ms <= 0:
        _threads.next_turn()
    else:
        _threads.wait(call, _stacks.token(), _threads.millis(ms / 1000))


def read_line():
    """A line of input, b"" at its end; None when there was a SIGINT, or another thread was quicker."""
    if _messages is None:
        line = _sys.readLine()
        return line.to_bytes() if line is not None and hasattr(line, "to_bytes") else None
    token = _stacks.token()
    _messages.awaitLine(token)
    why = _threads.wait("input", token)
    line = _messages.line() if why > 0 else None
    return line.to_bytes() if line is not None else None


def at_prompt(signs):
    """What comes at a prompt, where these two stand before a line: `line` with its bytes (none at the end of the input), `ask` with
    what the page wants to know, or `signal`.
    """
    if _messages is None:
        came = _sys.atPrompt(json.dumps(signs))
        return _came(came.text, came.bytes) if came else ("signal", None)
    token = _stacks.token()
    _messages.awaitPrompt(token)
    _threads.signs = signs
    if _threads.wait("prompt", token) <= 0:
        return "signal", None
    asked = _messages.question()
    if asked is not None:
        return "ask", asked
    line = _messages.line()
    # Where another thread was quicker there is nothing.
    return ("line", line.to_bytes()) if line is not None else ("signal", None)


def _came(kind, data):
    return ("line", data.to_bytes()) if kind == "input" else ("ask", data.to_bytes().decode())


def answer(text):
    """Answers what the page has asked at the prompt: as JSON."""
    _bridge.ends().answer(text)


def can_watch_input():
    """Whether a program can wait for input beside other things."""
    return _messages is not None


def hear():
    """Takes in what was typed while the program computed."""
    _threads.next_turn()


def has_line():
    """Whether a line of input can be read without a wait, or its end."""
    return _messages.hasLine()


def lines_come():
    """How many lines of input have come so far."""
    return _messages.linesCome()


def wait_for_line(ms):
    """Waits for a line of input, for so many milliseconds; negative is for ever. Less when there is a SIGINT."""
    token = _stacks.token()
    _messages.endAtLine(token, 0)
    _threads.wait(None, token, ms, fd=0, reads=True)
    _messages.endedAlone(token)


def write(stream, data):
    """Writes output; how much of it, which is less than all when there was a SIGINT."""
    if _sys is not None:
        return _sys.write(stream, to_js(data))
    while not (done := _messages.write(stream, to_js(data))):
        token = _stacks.token()
        _messages.awaitRoom(token)
        if _stacks.wait(token) < 0:
            return 0
    return done


def take_signal():
    """Takes a signal that has come for the main thread, which asks: its number, or 0."""
    if _messages is None:
        return _SIGINT if _sys.takeInterrupt() else 0
    return _stacks.take_signal()


def notice():
    """Tells the page what the threads do, if that is something else than before."""
    global _told
    told = json.dumps(_threads.report())
    if told != _told:
        _told = told
        _messages.tell(told)


def _alone():
    """A thread that is alone blocks in its calls, and nobody but these tells what it does."""
    if _told is not None and _told != _RUNNING:
        notice()
