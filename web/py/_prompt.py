"""The Python prompt of a machine: runs what is typed in one namespace, and says what comes of it as CPython's own prompt does.

The page edits a block of lines and hands it over as one. While the prompt waits for it, the page may ask two things: whether
a block is all of a statement (`more`), and how a name can go on (`complete`). Both are answered here, and run nothing.
"""

import __future__

import ast
import codeop
import importlib.machinery
import json
import linecache
import os
import re
import rlcompleter
import sys
import warnings
from collections import deque

import _kernel
import _pane
import _script

# Inputs whose lines a traceback can show; those before them are forgotten.
INPUTS = 1000
# Names that are offered, and how long one may be.
NAMES = 200
LONGEST_NAME = 100
# What waits for an empty line, as at any prompt of Python.
_COMPOUND = (
    ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match, ast.FunctionDef,
    ast.AsyncFunctionDef, ast.ClassDef,
)  # fmt: skip
_IMPORT = re.compile(r"\s*(?:import\s+(?:[\w.]+\s*,\s*)*|from\s+)(\w*)\Z")
# Also what cannot be completed, as it begins with a number or behind a bracket.
_WORD = re.compile(r"[\w.]*\Z")


class Prompt:
    """One prompt, from its first line to its end."""

    def __init__(self, module, told):
        """`module` is its `__main__`; `told` prints an exception as the interpreter would."""
        self._names = module.__dict__
        self._told = told
        self._flags = 0
        self._inputs = 0
        self._lines = 0
        self._kept = deque()

    def run(self):
        """Runs what is typed until there is an end. Raises SystemExit when that is asked for."""
        while True:
            try:
                block = self._read()
                if block is None:
                    return
                self.execute(block)
            except KeyboardInterrupt:
                _say("KeyboardInterrupt\n")
            except SystemExit:
                raise
            except BaseException as problem:
                # A handler of the program's own, for Ctrl-C.
                self._tell(problem)

    def _read(self):
        """The next block; None at the end of the input."""
        while True:
            signs = [_sign("ps1", ">>> "), _sign("ps2", "... ")]
            kind, content = _pane.at_prompt(signs)
            if kind == "ask":
                _pane.answer(self._answer(content))
            elif kind == "signal":
                _kernel.signals()
            else:
                return content.decode("utf-8", "replace").removesuffix("\n") if content else None

    def _answer(self, question):
        asked = json.loads(question)
        try:
            answer = complete(asked["complete"], self._names) if "complete" in asked else more(asked["more"])
        except BaseException:
            # A person has pressed Ctrl-C, or an object of theirs has done something when it was asked for its names.
            answer = None
        return json.dumps({"n": asked["n"], "answer": answer})

    @_script.calls_program
    def execute(self, block):
        """Runs a block of lines, statement by statement: each shows its value, as if it had been typed alone."""
        file = f"<python-input-{self._inputs}>"
        self._keep(file, block)
        if block.strip() in ("exit", "quit") and block.strip() not in self._names:
            raise SystemExit
        try:
            tree = compile(block, file, "exec", ast.PyCF_ONLY_AST | self._flags, dont_inherit=True)
            for statement in tree.body:
                self._run(compile(ast.Interactive([statement]), file, "single", self._flags, dont_inherit=True))
        except SystemExit:
            raise
        except BaseException as problem:
            self._tell(problem)

    @_script.calls_program
    def _run(self, code):
        for name in __future__.all_feature_names:
            self._flags |= code.co_flags & getattr(__future__, name).compiler_flag
        exec(code, self._names)

    @_script.calls_program
    def _tell(self, problem):
        """Prints an exception, and keeps it for a debugger."""
        made = problem.__traceback__
        while made is not None and made.tb_frame.f_code in _OURS:
            made = made.tb_next
        problem = problem.with_traceback(made)
        sys.last_exc = sys.last_value = problem
        sys.last_type, sys.last_traceback = type(problem), made
        try:
            words = self._told(problem)
        except Exception as second:
            # The program has a hook of its own.
            words = f"Error in sys.excepthook: {type(second).__name__}: {second}\n"
        _say(words)

    def _keep(self, file, block):
        """Notes the lines of an input, for tracebacks and for where a call was made."""
        lines = block.split("\n")
        linecache.cache[file] = (len(block), None, [f"{line}\n" for line in lines], file)
        _script.typed[file] = self._lines
        self._inputs += 1
        self._lines += len(lines)
        self._kept.append(file)
        if len(self._kept) > INPUTS:
            forgotten = self._kept.popleft()
            linecache.cache.pop(forgotten, None)
            _script.typed.pop(forgotten, None)


_OURS = (Prompt.execute.__code__, Prompt._run.__code__)


def _say(words):
    try:
        sys.stderr.write(words)
    except Exception:
        # The program has closed it, or put something else in its place.
        pass


def _sign(name, usual):
    """What stands before a line: the program may have said something else."""
    try:
        return str(getattr(sys, name, usual))[:LONGEST_NAME]
    except Exception:
        return usual


def dress(module):
    """Gives a fresh `__main__` what CPython's own has at a prompt, and `sys` what tells programs that there is one."""
    import builtins

    module.__builtins__ = builtins
    module.__loader__ = importlib.machinery.BuiltinImporter
    sys.ps1, sys.ps2 = ">>> ", "... "
    sys.displayhook = sys.__displayhook__
    # Then help() does not speak of keys that the page has not.
    os.environ["PYTHON_BASIC_REPL"] = "1"


def greeting():
    """The first lines of CPython's own, without the names of compilers."""
    return (
        f"Python {sys.version.split()[0]} on {sys.platform}\n"
        'Type "help", "copyright", "credits" or "license" for more information.\n'
    )


def more(block):
    """Whether a block wants another line: a statement is not all there, or a compound one waits for its empty line."""
    head, _, last = block.rpartition("\n")
    if head and not last.strip():
        # An editor indents the line by itself.
        block = f"{head}\n"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if codeop.compile_command(block, "<stdin>", "exec") is None:
                return True
            body = ast.parse(block).body
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
        return False
    return bool(body) and isinstance(body[-1], _COMPOUND) and not block.endswith("\n")


@_script.calls_program
def complete(before, names):
    """How the last word before the caret can go on.

    `word` is what it is now, `names` are at most 200 texts to stand in its place, `more` whether there are others.
    """
    line = before.rpartition("\n")[2]
    found = _IMPORT.match(line)
    if found:
        word = found[1]
        matches = [name for name in _modules() if name.startswith(word)]
    else:
        word = _WORD.search(line)[0]
        matches = _matches(word, names) if word and not (word[0] == "." or word[0].isdigit()) else []
    matches = [name for name in dict.fromkeys(matches) if len(name) <= LONGEST_NAME]
    return {"word": word, "names": matches[:NAMES], "more": len(matches) > NAMES}


@_script.calls_program
def _matches(word, names):
    completer = rlcompleter.Completer(names)
    matches = []
    # One more than is shown, to know that there are more.
    while len(matches) <= NAMES and (match := completer.complete(word, len(matches))) is not None:
        matches.append(match)
    return matches if "." in word else sorted(matches, key=lambda name: (name.startswith("_"), name.lower()))


def _modules():
    """Modules that an import can name: the machine's own files, and the library's."""
    here = {name.removesuffix(".py") for name in os.listdir() if name.endswith(".py")}
    own = sorted(name for name in here if name.isidentifier())
    return own + sorted(name for name in sys.stdlib_module_names if not name.startswith("_"))
