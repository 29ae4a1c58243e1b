"""What a beginner does wrong, and what Python says to it: the same in the page as in this computer's own CPython."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
MISTAKES = sorted((HERE / "mistakes").glob("*.py"))


def told(*command):
    """Everything a run prints and its exit status, without what differs from run to run or from machine to machine."""
    with tempfile.TemporaryDirectory() as folder:
        ended = subprocess.run([sys.executable, *command], capture_output=True, text=True, cwd=folder)
    words = re.sub(r'File "[^"]*/', 'File "', ended.stderr)
    if sys.version_info < (3, 12):
        # Until then the interpreter knew what was meant, and its traceback module did not.
        words = re.sub(r"\. Did you mean: '.*'\?", "", words)
    return ended.stdout, words.splitlines(), ended.returncode


class Mistakes(unittest.TestCase):
    """One test for each script in `mistakes`."""


def compare(script):
    def test(self):
        expected = told(str(script))
        self.assertNotEqual(expected[2], 0, "it is no mistake")
        self.assertEqual(told(str(HERE / "fake_pane.py"), str(script)), expected)

    return test


for script in MISTAKES:
    setattr(Mistakes, f"test_{script.stem}", compare(script))

if __name__ == "__main__":
    unittest.main()
