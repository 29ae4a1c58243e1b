"""The script that runs, and where it is: what ties its calls to the lines of its text."""

import sys

# Its file, once it runs.
name = None


def line():
    """The line of the script that is being executed now; None before it runs, and where it has none."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == name:
            return frame.f_lineno
        frame = frame.f_back
    return None
