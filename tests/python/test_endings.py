"""How a script ended, as the page is told: above all, whether it is a call's own failure that ended it, and which call's."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
RUN = f"""
import json, os, sys
sys.path.insert(0, {str(HERE)!r})
import fake_pane
sys.modules["_pane"] = fake_pane
sys.path.insert(0, str(fake_pane.LIBRARY))
import runner
runner.prepare()
fake_pane.answers.extend(json.loads(sys.argv[2]))
ended = runner.run("script.py", sys.argv[1], [], "client")
sys.stdout.flush()
os.write(1, b"\\n" + ended.encode())
os._exit(0)
"""
REFUSED = [{"error": {"class": "errno", "errno": 111, "taken": 0}}, ""]
NO_SUCH_NAME = [{"error": {"class": "resolve", "number": -2, "message": "Name or service not known"}}, ""]
TIMED_OUT = [{"error": {"class": "timed_out", "taken": 0}}, ""]
SOCKET = [{"ok": {"Descriptor": 3}}, ""]
DONE = [{"ok": "Done"}, ""]


def ended(script, *answers):
    """Runs a script whose calls get these answers: how it ended, and what it said."""
    with tempfile.TemporaryDirectory() as folder:
        # A close at the end, by whoever collects what is left.
        given = json.dumps([*answers, *[DONE] * 20])
        run = subprocess.run([sys.executable, "-c", RUN, script, given], capture_output=True, text=True, cwd=folder)
    return json.loads(run.stdout.splitlines()[-1]), run.stderr


class Cause(unittest.TestCase):
    def cause(self, script, *answers):
        told, words = ended(script, *answers)
        self.assertEqual(told["status"], "error", words)
        return told["error"]["call"]

    def test_a_failure_that_nobody_caught_is_its_calls_own(self):
        script = "import socket\ns = socket.socket()\ns.connect(('10.0.0.1', 1))\n"
        self.assertEqual(self.cause(script, SOCKET, REFUSED), {"number": 2, "name": "connect"})

    def test_a_name_that_was_not_found(self):
        script = "import socket\ns = socket.socket()\ns.connect(('nobody', 1))\n"
        self.assertEqual(self.cause(script, SOCKET, NO_SUCH_NAME), {"number": 2, "name": "getaddrinfo"})

    def test_a_time_that_ran_out(self):
        script = "import socket\ns = socket.socket()\ns.settimeout(1)\ns.recv(1)\n"
        self.assertEqual(self.cause(script, SOCKET, TIMED_OUT), {"number": 2, "name": "recv"})

    def test_one_that_was_kept_and_raised_again_is_still_its_own(self):
        script = """
import socket
s = socket.socket()
try:
    s.connect(('10.0.0.1', 1))
except OSError as problem:
    kept = problem
s.close()
raise kept
"""
        self.assertEqual(self.cause(script, SOCKET, REFUSED, DONE), {"number": 2, "name": "connect"})

    def test_create_connection_raises_its_connects(self):
        script = "import socket\nsocket.create_connection(('10.0.0.1', 1))\n"
        self.assertEqual(self.cause(script, SOCKET, REFUSED, DONE), {"number": 2, "name": "connect"})

    def test_sendall_that_got_half_of_it_through(self):
        half = [{"error": {"class": "errno", "errno": 104, "taken": 5}}, ""]
        script = "import socket\ns = socket.socket()\ns.sendall(b'0123456789')\n"
        self.assertEqual(self.cause(script, SOCKET, half), {"number": 2, "name": "send"})

    def test_another_exception_after_a_caught_one_is_no_calls(self):
        caught = "import socket\ns = socket.socket()\ns.settimeout(1)\ntry:\n    s.connect(('nobody', 1))\nexcept OSError:\n    pass\n"
        for failure in (NO_SUCH_NAME, TIMED_OUT):
            for last in ("nothing_of_that_name", "1 / 0", "raise RuntimeError('no')", "min([])", "raise OSError('mine')"):
                with self.subTest(last=last):
                    self.assertIsNone(self.cause(caught + last, SOCKET, failure))

    def test_what_is_raised_in_its_place_is_no_calls(self):
        script = "import socket\ns = socket.socket()\ntry:\n    s.connect(('10.0.0.1', 1))\nexcept OSError as problem:\n    raise {} from problem\n"
        for other in ("RuntimeError('no')", "OSError(111, 'mine')"):
            self.assertIsNone(self.cause(script.format(other), SOCKET, REFUSED))

    def test_what_the_library_refuses_by_itself_is_no_calls(self):
        self.assertIsNone(self.cause("import socket\nsocket.socket(socket.AF_INET, socket.SOCK_RAW)\n"))


class Tracebacks(unittest.TestCase):
    def test_one_that_ends_inside_of_what_our_library_calls_ends_where_cpythons_would(self):
        script = "import socket, _pane\n_pane.call = lambda *asked: ('no JSON', b'')\ns = socket.socket()\n"
        _, words = ended(script)
        self.assertIn("line 3, in <module>", words)
        self.assertIn("socket.py", words)
        for ours in ("json/", "_kernel.py", "_socket.py"):
            self.assertNotIn(ours, words)

    def test_a_handler_of_the_scripts_own_is_told(self):
        script = """
import signal, socket
def handler(number, frame):
    raise ValueError('by my handler')
signal.signal(signal.SIGINT, handler)
import _pane
_pane.interrupts.append(True)
s = socket.socket()
"""
        _, words = ended(script, [{"error": {"class": "errno", "errno": 4, "taken": 0}}, ""])
        self.assertIn("in handler", words)
        self.assertNotIn("_kernel.py", words)

    def test_what_a_script_prints_of_them_itself_has_none_of_our_frames(self):
        script = "import socket, traceback\ntry:\n    socket.socket().connect(('10.0.0.1', 1))\nexcept OSError:\n    traceback.print_exc()\n"
        _, words = ended(script, SOCKET, REFUSED)
        self.assertIn("line 3, in <module>", words)
        self.assertNotIn("_kernel.py", words)
        self.assertNotIn("_socket.py", words)


class Memory(unittest.TestCase):
    def test_a_failure_that_was_caught_keeps_nothing_alive(self):
        script = """
import gc, socket, weakref
gc.disable()
def attempt():
    global seen
    s = socket.socket()
    seen = weakref.ref(s)
    try:
        s.connect(('10.0.0.1', 1))
    except OSError:
        pass
attempt()
print('gone' if seen() is None else 'kept')
"""
        with tempfile.TemporaryDirectory() as folder:
            given = json.dumps([SOCKET, REFUSED, *[DONE] * 20])
            run = subprocess.run([sys.executable, "-c", RUN, script, given], capture_output=True, text=True, cwd=folder)
        self.assertEqual(run.stdout.splitlines()[0], "gone", run.stderr)


if __name__ == "__main__":
    unittest.main()
