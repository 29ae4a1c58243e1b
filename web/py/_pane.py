"""The worker that this program runs in, in Python's types. The only file here that knows Pyodide."""

import _bridge
from pyodide.ffi import run_sync, to_js


def _finish(answer):
    return run_sync(answer) if _bridge.current().promises else answer


def call(request, payload, name, fd):
    """Makes a call and waits for its answer: JSON and bytes. None when there was none."""
    data = None if payload is None else to_js(payload)
    answer = _finish(_bridge.current().call(request, data, name, fd))
    return (answer.text, answer.bytes.to_bytes()) if answer else None


def sleep(ms):
    """Sleeps, or less when there is a SIGINT."""
    _finish(_bridge.current().sleep(ms))


def read_line():
    """A line of input, b"" at its end; None when there was a SIGINT."""
    line = _finish(_bridge.current().readLine())
    return line.to_bytes() if line is not None and hasattr(line, "to_bytes") else None


def write(stream, data):
    """Writes output; how much of it, which is less than all when there was a SIGINT."""
    return _finish(_bridge.current().write(stream, to_js(data)))


def take_interrupt():
    """Takes the SIGINT, if there is one."""
    return _bridge.current().takeInterrupt()
