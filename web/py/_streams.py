"""Standard input, output and error of the program, and time.sleep: what waits for a person or a clock."""

import io
import operator
import sys
import time

import _kernel
import _pane


class _Output(io.RawIOBase):
    """Writes to the page; waits while nobody reads there."""

    def __init__(self, stream):
        self._stream = stream
        self.name = "<stdout>" if stream == 1 else "<stderr>"
        self.mode = "wb"

    def writable(self):
        return True

    def isatty(self):
        return True

    def write(self, data):
        data = bytes(data)
        done = 0
        while done < len(data):
            done += _pane.write(self._stream, data[done:])
            if done < len(data):
                _kernel.signals()
        return len(data)


class _Input(io.BufferedIOBase):
    """Reads what a person types, a line at a time.

    Not CPython's buffer around something raw: that is of C, which takes all threads for one, and refuses it a second call.
    """

    name = "<stdin>"
    mode = "rb"

    def __init__(self):
        self._rest = b""

    def readable(self):
        return True

    def isatty(self):
        return True

    def fileno(self):
        if _pane.can_watch_input():
            return 0
        raise io.UnsupportedOperation(
            "standard input is not a descriptor in this browser: select() and poll() take sockets only. Current versions of Chrome, "
            "Edge and Firefox can wait for both; call input() instead."
        )

    def has_bytes(self):
        """Whether a read would not wait."""
        return bool(self._rest) or _pane.has_line()

    def _fill(self):
        """Waits for something to read; False at the end of file."""
        while not self._rest:
            line = _pane.read_line()
            if line is None:
                _kernel.signals()
            elif line == b"":
                return False
            else:
                self._rest += line
        return True

    def _take(self, size):
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def peek(self, size=0):
        """What there is, and waits for it where there is nothing."""
        self._fill()
        return self._rest

    def read1(self, size=-1):
        """What there is, of the line that was typed first."""
        if size == 0 or not self._fill():
            return b""
        return self._take(len(self._rest) if size < 0 else size)

    def read(self, size=-1):
        """So many bytes, or all until the end of file."""
        pieces = []
        left = -1 if size is None else size
        while left != 0 and (piece := self.read1(left)):
            pieces.append(piece)
            left = -1 if size is None or size < 0 else left - len(piece)
        return b"".join(pieces)


def _writer(stream, errors):
    return io.TextIOWrapper(_Output(stream), encoding="utf-8", errors=errors, write_through=True)


def sleep(seconds, /):
    """Waits so many seconds."""
    seconds = seconds if isinstance(seconds, float) else operator.index(seconds)
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if seconds > 2**63 / 1e9:
        raise OverflowError("timestamp out of range for platform time_t")
    _kernel.sleep(seconds)


def install():
    """Gives the program its streams. What it prints is seen at once, as with `python -u`."""
    sys.stdout = sys.__stdout__ = _writer(1, "strict")
    sys.stderr = sys.__stderr__ = _writer(2, "backslashreplace")
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(_Input(), encoding="utf-8", errors="replace")
    time.sleep = sleep
