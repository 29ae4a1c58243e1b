"""ResourceWarnings of sockets that nobody has closed, as the interpreter gives them."""

import gc
import sys
import warnings


def are_told():
    """Whether anybody would see one. Its words have the socket's addresses, which are calls, and none is made for nothing."""
    for action, message, category, module, line in warnings.filters:
        if message is None and module is None and line == 0 and issubclass(ResourceWarning, category):
            return action != "ignore"
    return True


def collect(module):
    """The program has ended: what it still holds is collected, if that is told."""
    if are_told():
        for name in list(vars(module)):
            if not name.startswith("__"):
                vars(module)[name] = None
        sys.last_exc = sys.last_value = sys.last_traceback = None
        gc.collect()
