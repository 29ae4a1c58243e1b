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
