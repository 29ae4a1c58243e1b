"""Runs one script as `python script.py` does: fresh `__main__`, tracebacks as CPython prints them, an exit status."""

import json
import linecache
import os
import sys
import traceback
import types

import _absent
import _script
import linux

_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
_CPYTHONS = os.path.dirname(os.path.abspath(os.__file__)) + os.sep

# A script that came with a link should have the machine's sockets, and nothing of the page it runs in.
_PAGE = "the page is not here: a program of this lab has its machine's sockets, as it would have anywhere else."


def prepare(threads=False):
    """Puts our modules in the place of CPython's, once, before any script. `threads`: the browser can suspend a program."""
    import _threads

    if threads:
        _threads.install()
    else:
        _threads.refuse()
    linux.install()
    # The page shows output as it is: it has no colours, and no cursor.
    os.environ.update(TERM="dumb", NO_COLOR="1")
    # Pyodide has one of its own.
    sys.excepthook = sys.__excepthook__
    import _socket as builtin

    sys.modules["_builtin_socket"] = builtin
    for name in ("_socket", "socket", "select", "selectors", "socketserver", "ssl", "_ssl", "js", "pyodide_js"):
        sys.modules.pop(name, None)
    _load("_socket", "_socket.py")
    _load("select", "_select.py")
    # Elsewhere, in tests, files have the numbers of sockets, and there are processes and signals.
    in_a_page = sys.platform == "emscripten"
    if in_a_page:
        # `socket` looks whether there is an os.sendfile.
        import _descriptors

        _descriptors.install()
    sys.meta_path.insert(0, _NotHere())
    _hide_our_frames()
    # Most scripts want them, and a script should not wait for them.
    import _epoll

    _epoll.only_tried = True
    import selectors  # noqa: F401

    _epoll.only_tried = False
    import socket  # noqa: F401

    import _loop
    import _platform
    import _signals
    import _streams  # noqa: F401
    import _unix

    if in_a_page:
        _unix.install()
        _absent.install()
        _signals.install()
        _platform.install()

    _loop.install(threads)


def _load(name, file):
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(name, _OURS + file)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


class _NotHere:
    """Says what is missing, where CPython would only say that it is missing."""

    def find_spec(self, name, path=None, target=None):
        if name in ("ssl", "_ssl"):
            raise ModuleNotFoundError(_absent.SSL, name=name)
        if name in ("js", "pyodide_js"):
            raise ModuleNotFoundError(_PAGE, name=name)
        return None


def _hide_our_frames():
    """Leaves them out of every traceback, also of those that a script or a library prints by itself."""
    walk = getattr(traceback, "_walk_tb_with_full_positions", None)
    if walk is not None:
        traceback._walk_tb_with_full_positions = lambda tb: _theirs(walk(tb), lambda step: step[0].f_code.co_filename)


def _theirs(frames, file_of):
    """Frames as CPython would have them: where one of ours stands, it has code in C, and that calls nothing of the library."""
    inside = False
    for frame in frames:
        file = file_of(frame)
        ours = file.startswith(_OURS)
        inside = ours or (inside and (file.startswith((_CPYTHONS, "<frozen ")) or "/site-packages/" in file))
        if not inside:
            yield frame


def run(name, source, args, hostname):
    """Runs a script to its end. How it ended, as JSON: `status`, `code` and `error`."""
    module = _begin(name, [name, *args], hostname)
    _put_down(name, source)
    _in_folder()
    module.__file__ = name
    module.__builtins__ = __builtins__
    return _to_the_end(_execute, name, source, module)


def prompt(hostname):
    """Runs a prompt to its end. How it ended, likewise."""
    import _prompt

    module = _begin(None, [""], hostname)
    _in_folder()
    _script.follow_typed()
    _prompt.dress(module)
    sys.stdout.write(_prompt.greeting())
    return _to_the_end(_converse, _prompt.Prompt(module, lambda problem: _words(_told(problem), problem)))


def _begin(name, argv, hostname):
    """A program begins: its `__main__`."""
    import _names
    import _pane
    import _platform
    import _streams
    import _threads

    _threads.begin_main()
    _pane.begin()
    _script.name = name
    _names.hostname = hostname
    _platform.begin()
    _streams.install()
    if "random" in sys.modules:
        # All programs of a page begin from one picture of memory, but not with the same dice.
        sys.modules["random"].seed()
    sys.argv = argv
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    return module


def _to_the_end(program, *given):
    """Runs a program, and what it has left to be done at its end."""
    import _pane

    try:
        ended = program(*given)
        _pane.ending(json.dumps(ended))
        _at_exit()
    except KeyboardInterrupt as problem:
        # A second one, while the first was being told.
        ended = _failed(problem)
    return json.dumps(ended)


def _put_down(name, source):
    """The script as a file, for `open(__file__)`, and for tracebacks. In the page it is there already."""
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    if os.path.exists(name):
        return
    try:
        with open(name, "w", encoding="utf-8", newline="") as file:
            file.write(source)
    except OSError:
        # A name that is no file's name; tracebacks have their own copy.
        pass


def _in_folder():
    """Modules are looked for where the script is, as with `python script.py`, and before the library."""
    import importlib

    sys.dont_write_bytecode = True
    here = os.getcwd()
    files = set(os.listdir(here))
    sys.path[:] = [here, *(path for path in sys.path if path not in (here, "", _OURS[:-1])), _OURS[:-1]]
    importlib.invalidate_caches()
    for name, module in list(sys.modules.items()):
        # Ours are loaded already and go on without their names: those are the script's to use.
        ours = (getattr(module, "__file__", None) or "").startswith(_OURS)
        if ours and not name.startswith("_") and f"{name}.py" in files:
            del sys.modules[name]


@_script.calls_program
def _execute(name, source, module):
    try:
        exec(compile(source, name, "exec", dont_inherit=True), module.__dict__)
    except SystemExit as problem:
        return {"status": "exited", "code": _status(problem.code), "error": None}
    except BaseException as problem:
        return _failed(problem)
    return {"status": "exited", "code": 0, "error": None}


@_script.calls_program
def _converse(prompt):
    try:
        prompt.run()
    except SystemExit as problem:
        return {"status": "exited", "code": _status(problem.code), "error": None}
    return {"status": "exited", "code": 0, "error": None}


def _status(code):
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _failed(problem):
    import _kernel

    _keep_notes(problem)
    _say_of_packages(problem)
    told = _told(problem)
    walk = traceback.walk_tb(problem.__traceback__)
    lines = [number for frame, number in walk if frame.f_code.co_filename == _script.name]
    sys.stderr.write(_words(told, problem))
    if isinstance(problem, KeyboardInterrupt):
        return {"status": "stopped", "code": 130, "error": None}
    where = problem.lineno if isinstance(problem, SyntaxError) and problem.filename == _script.name else None
    error = {
        "type": type(problem).__name__,
        "message": str(problem)[:2000],
        "line": where or (lines[-1] if lines else None),
        "errno": problem.errno if isinstance(problem, OSError) else None,
        "call": _kernel.origin_of(problem),
    }
    return {"status": "error", "code": 1, "error": error}


def _say_of_packages(problem):
    """A module that is missing is a mistake, or something that is only elsewhere: what there is at all."""
    name = problem.name if isinstance(problem, ModuleNotFoundError) else None
    if not name or str(problem) != f"No module named {name!r}":
        return
    if name.partition(".")[0] in sys.stdlib_module_names:
        problem.add_note(f"CPython's library has {name}; the page's Python has no screen, no terminal and no processes, and not this module.")
    else:
        problem.add_note("Here is CPython's library, with the files of this machine; nothing can be installed.")


def _keep_notes(problem):
    """What was said of an error stays said where a library has put the same one in other words."""
    first = problem.__context__
    if isinstance(first, OSError) and isinstance(problem, OSError) and first.errno == problem.errno:
        for note in getattr(first, "__notes__", ()):
            problem.add_note(note)


def _told(problem):
    return traceback.TracebackException.from_exception(problem)


_OVERFLOW = (
    "C functions have called each other too deep (a structure inside itself, thousands of times?), and the browser's stack is "
    "full. Here that ends the program; it cannot be caught"
)


def overflow():
    """The browser's stack is full, and the interpreter's frames are what they were then. How it ended, as JSON."""
    frames = traceback.StackSummary.extract(traceback.walk_stack(sys._getframe(1)), lookup_lines=True)
    frames.reverse()
    shown = [frame for frame in _theirs(frames, lambda frame: frame.filename) if not frame.filename.startswith(_OURS)]
    words = "".join(traceback.StackSummary.from_list(shown).format())
    sys.stderr.write(f"Traceback (most recent call last):\n{words}RecursionError: {_OVERFLOW}\n")
    lines = [frame.lineno for frame in shown if frame.filename == _script.name]
    error = {"type": "RecursionError", "message": _OVERFLOW, "line": lines[-1] if lines else None, "errno": None, "call": None}
    return json.dumps({"status": "error", "code": 1, "error": error})


@_script.calls_program
def _words(told, problem):
    """The traceback as the interpreter prints it, without our own frames."""
    if sys.excepthook is not sys.__excepthook__ and not isinstance(problem, SyntaxError):
        sys.excepthook(type(problem), problem, problem.__traceback__)
        return ""
    _forget_our_frames(told, set())
    if not told.stack and isinstance(problem, SyntaxError):
        # It has not run: there is no call to tell.
        return "".join(told.format_exception_only())
    return "".join(told.format())


def _forget_our_frames(told, seen):
    if told is None or id(told) in seen:
        return
    seen.add(id(told))
    told.stack[:] = list(_theirs(told.stack, lambda frame: frame.filename))
    for other in (told.__cause__, told.__context__, *(told.exceptions or ())):
        _forget_our_frames(other, seen)


@_script.calls_program
def _at_exit():
    import atexit

    import _endings

    if "threading" in sys.modules:
        # Waits for the threads that are no daemons; the others end with the program.
        sys.modules["threading"]._shutdown()
    atexit._run_exitfuncs()
    _endings.collect(sys.modules["__main__"])
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()
