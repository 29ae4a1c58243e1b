"""The script that runs, and where it is: what ties its calls to the lines of its text."""

import sys

# Its file, once it runs.
name = None


def line():
    """The line of the script that is being executed now; None before it runs, and where it has none."""
    return where()[0]


def where():
    """The same, and the function that this line has called, unless that is one of the script. Both None outside it."""
    frame, called = sys._getframe(1), None
    while frame is not None:
        code = frame.f_code
        if code.co_filename == name:
            return frame.f_lineno, called
        frame, called = frame.f_back, code.co_name
    return None, None


# Of a prompt: inputs by the names that they have as files, and how many lines were typed before each.
typed = {}


def follow_typed():
    """From now on it is a prompt that runs: its lines are counted from the first one that was typed."""
    global where
    where = _where_typed


def _where_typed():
    frame, called = sys._getframe(1), None
    while frame is not None:
        code = frame.f_code
        before = typed.get(code.co_filename)
        if before is not None:
            return before + frame.f_lineno, called
        frame, called = frame.f_back, code.co_name
    return None, None


# The code of those of our functions that call the program.
_calls_program = set()


def calls_program(function):
    """Marks one of our functions whose callees are the program's: all others are done before another thread has its turn."""
    _calls_program.add(function.__code__)
    return function


def is_ours(frame, folder):
    """Whether a frame belongs to what one of our functions, whose files are in this folder, does by itself."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(folder):
            return frame.f_code not in _calls_program
        frame = frame.f_back
    return False
