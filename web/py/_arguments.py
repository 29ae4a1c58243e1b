"""Arguments as CPython's C functions take them: how many, of which type, and what they say when those are wrong.

The frames of this file are taken out of tracebacks, so a wrong argument is shown where it was given.
"""

import functools
import operator

INT_MAX = 2**31 - 1
SSIZE_MAX = 2**63 - 1
# What a bytes object has besides its bytes, and how many bytes no computer of a learner has: there CPython finds no memory.
_BYTES_HEAD = 33
_NO_MEMORY = 2**40


def none(method):
    """A method without arguments."""
    name = method.__name__

    @functools.wraps(method)
    def checked(self, *args, **kwargs):
        _no_keywords(name, kwargs)
        if args:
            raise TypeError(f"socket.{name}() takes no arguments ({len(args)} given)")
        return method(self)

    return checked


def one(method):
    """A method with exactly one argument."""
    name = method.__name__

    @functools.wraps(method)
    def checked(self, *args, **kwargs):
        _no_keywords(name, kwargs)
        if len(args) != 1:
            raise TypeError(f"socket.{name}() takes exactly one argument ({len(args)} given)")
        return method(self, args[0])

    return checked


def some(least, most, keywords=False, text=None):
    """A method with positional arguments, from `least` to `most` of them."""

    def decorate(method):
        name = method.__name__

        @functools.wraps(method)
        def checked(self, *args, **kwargs):
            if not keywords:
                _no_keywords(name, kwargs)
            given = len(args) + len(kwargs)
            if not least <= given <= most:
                raise TypeError(f"{name}() takes {text or _how_many(least, most, given)} ({given} given)")
            return method(self, *args, **kwargs)

        return checked

    return decorate


def _no_keywords(name, kwargs):
    if kwargs:
        raise TypeError(f"socket.{name}() takes no keyword arguments")


def _how_many(least, most, given):
    bound = "exactly" if least == most else "at least" if given < least else "at most"
    number = least if given < least else most
    return f"{bound} {number} argument{'' if number == 1 else 's'}"


def integer(value):
    """A C int."""
    number = operator.index(value)
    if number > INT_MAX:
        raise OverflowError("signed integer is greater than maximum")
    if number < -INT_MAX - 1:
        raise OverflowError("signed integer is less than minimum")
    return number


def size(value):
    """A C ssize_t, as that of a machine with 64 bits."""
    number = operator.index(value)
    if not -SSIZE_MAX - 1 <= number <= SSIZE_MAX:
        raise OverflowError("Python int too large to convert to C ssize_t")
    return number


def new_bytes(value, negative):
    """How many bytes an object is to have that a call fills; `negative` says what is wrong with less than none."""
    number = size(value)
    if number < 0:
        raise ValueError(negative)
    if number > SSIZE_MAX - _BYTES_HEAD:
        raise OverflowError("byte string is too large")
    if number >= _NO_MEMORY:
        raise MemoryError
    return number


def readable(value):
    """The bytes of a bytes-like object."""
    try:
        return memoryview(value).cast("B")
    except TypeError:
        pass
    raise TypeError(f"a bytes-like object is required, not '{type(value).__name__}'")


def writable(value, name):
    """The memory of a bytes-like object that can be written."""
    try:
        view = memoryview(value).cast("B")
    except TypeError:
        view = None
    if view is None or view.readonly:
        raise TypeError(f"{name}() argument 1 must be read-write bytes-like object, not {type(value).__name__}")
    return view


def seconds(value):
    """A timeout: None, or seconds from 0."""
    if value is None:
        return None
    number = value if isinstance(value, float) else operator.index(value)
    if number != number:
        raise ValueError("Invalid value NaN (not a number)")
    if number < 0:
        raise ValueError("Timeout value out of range")
    if number > 2**63 / 1e9:
        raise OverflowError("timestamp out of range for platform time_t")
    return float(number)


def host_name(value):
    """A host as CPython's `idna_converter` takes it, as text."""
    if isinstance(value, (bytes, bytearray)):
        text = bytes(value).decode("latin-1")
    elif isinstance(value, str):
        text = value if value.isascii() else value.encode("idna").decode("ascii")
    else:
        raise TypeError(f"str, bytes or bytearray expected, not {type(value).__name__}")
    if "\0" in text:
        raise TypeError("host name must not contain null character")
    return text


def host_argument(name, value):
    """The same for functions that take a host as their first argument."""
    if not isinstance(value, (str, bytes, bytearray)):
        given = "None" if value is None else type(value).__name__
        raise TypeError(f"{name}() argument 1 must be str, bytes or bytearray, not {given}")
    return host_name(value)
