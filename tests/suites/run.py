"""Runs one module of CPython's own test suite in the page, and prints a line for each test: `ok`, `skip`, `bad` and its name.

    run.py MODULE [CLASS] [without TEST...]

With a class only those tests that stand on it, or, where the module has none of that name, whose class has it in its own. What comes of a test's output and tracebacks stands between the lines.
"""

import os
import sys
import time
import unittest

LIBRARY = "/tmp/suite"


def put_in_place():
    """A machine's folder has no folders: a file's path is in its name."""
    for name in os.listdir("."):
        if name.startswith("test%"):
            path = os.path.join(LIBRARY, *name.split("%"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.rename(name, path)
    sys.path.insert(0, LIBRARY)
    # Pyodide brings a part of the package.
    for name in [name for name in sys.modules if name == "test" or name.startswith("test.")]:
        del sys.modules[name]
    from test import support

    # What asks before it starts a process is skipped, as on any system without them.
    support.has_fork_support = support.has_subprocess_support = False


class Told(unittest.TestResult):
    """Tells each test's end at once: one may end the program."""

    def __init__(self):
        super().__init__()
        self.bad = False

    def startTest(self, test):
        super().startTest(test)
        self.bad = False
        print(f"\nbegin {test.id()}", flush=True)

    def _is_bad(self, test, problem):
        self.bad = True
        print(self._exc_info_to_string(problem, test), flush=True)

    def addError(self, test, err):
        self._is_bad(test, err)
        if not isinstance(test, unittest.TestCase):
            print(f"bad {test.id()}")

    def addFailure(self, test, err):
        self._is_bad(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._is_bad(test, err)

    def addSkip(self, test, reason):
        self.skipped.append(test)
        print(f"skip {test.id()} {reason}", flush=True)

    def addUnexpectedSuccess(self, test):
        self.bad = True

    def stopTest(self, test):
        super().stopTest(test)
        if self.bad:
            print(f"\nbad {test.id()}", flush=True)
        elif not any(one is test for one in self.skipped):
            # Some print without an end of line.
            print(f"\nok {test.id()}", flush=True)


def tests_of(suite):
    """All tests of a suite."""
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from tests_of(one)
        else:
            yield one


def main(module, *words):
    put_in_place()
    at = words.index("without") if "without" in words else len(words)
    wanted, without = words[:at], frozenset(words[at + 1 :])
    loaded = unittest.defaultTestLoader.loadTestsFromName(module)
    base = getattr(sys.modules[module], wanted[0], None) if wanted else object
    is_meant = (lambda one: isinstance(one, base)) if base else (lambda one: wanted[0] in type(one).__name__)
    chosen = [one for one in tests_of(loaded) if is_meant(one) and one.id() not in without]
    began = time.monotonic()
    unittest.TestSuite(chosen).run(Told())
    print(f"done {module} {time.monotonic() - began:.0f} s")


main(*sys.argv[1:])
