"""The Python prompt: what is typed at it, what comes of it, and what it answers the page meanwhile."""

import json
import pathlib
import signal
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
given = json.loads(sys.argv[1])
fake_pane.typed.extend(given["typed"])
fake_pane.lines.extend(line.encode() for line in given["lines"])
ended = json.loads(runner.prompt("client"))
os.write(1, b"\\n" + json.dumps([ended, fake_pane.answered, fake_pane.made_on]).encode())
os._exit(0)
"""


class Session:
    """What became of a session at the prompt."""

    def __init__(self, *typed, lines=(), files=None):
        things = [thing if isinstance(thing, tuple) else ("line", thing + "\n") for thing in typed]
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (files or {}).items():
                pathlib.Path(folder, name).write_text(text)
            given = json.dumps({"typed": things, "lines": lines})
            run = subprocess.run([sys.executable, "-c", RUN, given], capture_output=True, text=True, cwd=folder)
        printed, _, told = run.stdout.rpartition("\n")
        if not told.startswith("["):
            raise AssertionError(run.stdout + run.stderr)
        self.ended, self.answered, self.lines = json.loads(told)
        _, _, self.printed = printed.partition("for more information.\n")
        self.said = run.stderr


def ask(n=1, **question):
    return ("ask", json.dumps({"n": n, **question}))


class Values(unittest.TestCase):
    def test_a_value_is_shown_and_kept_and_none_is_not(self):
        done = Session("1 + 1", "_ * 2", "None", "a = 5", "a", "'x'; 7")
        self.assertEqual(done.printed.rstrip("\n"), "2\n4\n5\n'x'\n7")
        self.assertEqual((done.ended, done.said), ({"status": "exited", "code": 0, "error": None}, ""))

    def test_a_block_runs_statement_by_statement_and_each_shows_its_value(self):
        done = Session("1\n2\nfor i in range(2):\n    i * 10")
        self.assertEqual(done.printed.rstrip("\n"), "1\n2\n0\n10")

    def test_what_fails_ends_its_block_and_not_the_prompt(self):
        done = Session("1\n1 / 0\n2", "3")
        self.assertEqual(done.printed.rstrip("\n"), "1\n3")

    def test_future_imports_hold_from_then_on(self):
        done = Session("from __future__ import annotations", "def f(x: nowhere): pass", "f.__annotations__")
        self.assertEqual(done.printed.rstrip("\n"), "{'x': 'nowhere'}")

    def test_its_namespace_is_that_of_cpythons_prompt(self):
        done = Session("sorted(dir())", "__name__", "import __main__; __main__.__dict__ is globals()", "import sys; sys.argv, sys.ps1")
        expected = "['__builtins__', '__doc__', '__loader__', '__name__', '__package__', '__spec__']"
        self.assertEqual(done.printed.rstrip("\n"), f"{expected}\n'__main__'\nTrue\n([''], '>>> ')")

    def test_modules_of_the_machine_can_be_imported_and_input_read(self):
        done = Session("import own; own.x", "input('name? ').upper()", files={"own.py": "x = 5"}, lines=["ada\n"])
        self.assertEqual(done.printed.rstrip("\n"), "5\nname? 'ADA'")


class Failures(unittest.TestCase):
    def test_a_traceback_begins_with_the_input_and_shows_its_line(self):
        done = Session("def f():\n    return 1 / 0", "f()")
        self.assertTrue(done.said.startswith('Traceback (most recent call last):\n  File "<python-input-1>", line 1, in <module>\n    f()\n'), done.said)
        self.assertIn('  File "<python-input-0>", line 2, in f\n    return 1 / 0\n', done.said)
        self.assertTrue(done.said.endswith("ZeroDivisionError: division by zero\n"), done.said)
        self.assertNotIn("_prompt", done.said)

    def test_a_line_that_is_no_python_has_no_traceback(self):
        done = Session("1 +", "  x = 1")
        self.assertTrue(done.said.startswith('  File "<python-input-0>", line 1\n    1 +\n'), done.said)
        self.assertIn("SyntaxError: invalid syntax\n", done.said)
        self.assertIn("IndentationError: unexpected indent\n", done.said)
        self.assertNotIn("Traceback", done.said)

    def test_a_call_that_fails_has_no_frames_of_ours(self):
        done = Session("import socket", "s = socket.socket()", "s.bind(('', -1))")
        self.assertTrue(done.said.startswith('Traceback (most recent call last):\n  File "<python-input-2>", line 1, in <module>\n'), done.said)
        self.assertNotIn("web/py", done.said)

    def test_it_is_kept_for_a_debugger(self):
        done = Session("1 / 0", "import sys; sys.last_value, sys.last_type.__name__, sys.last_traceback.tb_frame.f_code.co_filename")
        self.assertIn("(ZeroDivisionError('division by zero'), 'ZeroDivisionError', '<python-input-0>')", done.printed)

    def test_hooks_of_the_program(self):
        done = Session("import sys", "sys.excepthook = lambda *what: print('hook', what[0].__name__)", "1 / 0", "sys.displayhook = print", "5")
        self.assertEqual(done.printed.rstrip("\n"), "hook ZeroDivisionError\n5")
        broken = Session("import sys", "sys.excepthook = None", "1 / 0", "sys.stderr = None", "1 / 0", "6")
        self.assertIn("Error in sys.excepthook", broken.said)
        self.assertEqual(broken.printed.rstrip("\n"), "6")


class Interruptions(unittest.TestCase):
    def setUp(self):
        # A shell's "&" ignores SIGINT for what it starts, and Python then leaves its own handler out.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)

    def test_ctrl_c_at_the_prompt_leads_to_a_new_one(self):
        done = Session(("signal", ""), "1")
        self.assertEqual((done.said, done.printed.rstrip("\n")), ("KeyboardInterrupt\n", "1"))

    def test_one_that_comes_while_it_runs_is_an_exception(self):
        done = Session("raise KeyboardInterrupt", "1")
        self.assertTrue(done.said.endswith("KeyboardInterrupt\n") and done.said.startswith("Traceback"), done.said)
        self.assertEqual(done.printed.rstrip("\n"), "1")

    def test_a_handler_of_the_programs_own(self):
        done = Session("import signal; signal.signal(signal.SIGINT, lambda *_: 1 / 0) and None", ("signal", ""), "2")
        self.assertIn("ZeroDivisionError", done.said)
        self.assertTrue(done.printed.rstrip("\n").endswith("2"), done.printed)


class Ends(unittest.TestCase):
    def ended(self, *typed):
        done = Session(*typed)
        return done.ended["status"], done.ended["code"], done.said

    def test_exit_and_quit_with_a_code(self):
        self.assertEqual(self.ended("exit()", "1 / 0"), ("exited", 0, ""))
        self.assertEqual(self.ended("quit(3)"), ("exited", 3, ""))
        self.assertEqual(self.ended("import sys; sys.exit('so')"), ("exited", 1, "so\n"))

    def test_the_words_alone_as_in_cpythons_newer_prompt(self):
        self.assertEqual(self.ended("exit", "1 / 0"), ("exited", 0, ""))
        self.assertEqual(Session("exit = 5", "exit").printed.rstrip("\n"), "5")

    def test_the_end_of_the_input(self):
        self.assertEqual(self.ended(("line", "")), ("exited", 0, ""))

    def test_what_was_to_be_done_at_exit_is_done(self):
        self.assertIn("bye", Session("import atexit; atexit.register(print, 'bye') and None").printed)


class Questions(unittest.TestCase):
    def answers(self, *typed):
        return [one["answer"] for one in Session(*typed).answered]

    def names(self, before, *typed):
        return self.answers(*typed, ask(complete=before))[-1]["names"]

    def test_whether_a_block_wants_another_line(self):
        wants = ["for i in x:", "for i in x: pass", "for i in x:\n    pass", "(", "'''", "def f():\n    ", "@d", "a\nfor i in x:\n    b", "try:\n    a\n"]
        complete = ["1", "a = 1\nb = 2", "for i in x:\n    pass\n", "for i in x:\n    pass\n    ", "1 +", "a b", "  x", "", "(\n1)", "\0", "(" * 500]
        found = self.answers(*(ask(more=block) for block in [*wants, *complete]))
        self.assertEqual(found, [True] * len(wants) + [False] * len(complete))

    def test_names_of_the_prompts_own_namespace(self):
        self.assertEqual(self.names("got = wait", "waiting = 1"), ["waiting"])
        self.assertEqual(self.names("s.re", "import socket; s = socket.socket()"), [f"s.{name}(" for name in ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into")])
        self.assertEqual(self.names("if a:\n    pri"), ["print("])
        self.assertEqual(self.names("x.clear", "x = []"), ["x.clear()"])

    def test_no_name_of_ours_is_among_them(self):
        for before in ("_", "s", "p", "r", "k"):
            found = set(self.names(before))
            self.assertEqual(found & {"self", "signs", "_prompt", "_pane", "runner", "more", "prompt"}, set())

    def test_modules_behind_import(self):
        self.assertIn("socketserver", self.names("import so"))
        self.assertIn("select", self.names("import socket, sel"))
        self.assertIn("selectors", self.names("from sel"))
        done = Session(ask(complete="import ow"), files={"own.py": ""})
        self.assertEqual(done.answered, [{"n": 1, "answer": {"word": "ow", "names": ["own"], "more": False}}])

    def test_nothing_begins_with_what_is_no_name(self):
        for before in ("", "x = ", "5.re", "f().re", "'a'.up", "nobody.x"):
            self.assertEqual(self.names(before), [], before)

    def test_there_are_200_at_most(self):
        many = "globals().update({f'many{i}': i for i in range(500)})"
        answer = self.answers(many, ask(complete="many"))[-1]
        self.assertEqual((len(answer["names"]), answer["more"]), (200, True))
        long = self.names("lo", "globals().update({'lo' + 'n' * 5000: 1, 'lone': 1})")
        self.assertEqual(long, ["locals()", "lone"])

    def test_nothing_is_called_for_them(self):
        typed = "class Own:\n    @property\n    def called(self): print('called')\n    def caller(self): print('called')\nown = Own()"
        done = Session(typed, ask(complete="own.call"), ask(complete="own.caller()."))
        self.assertEqual(done.printed.strip(), "")
        self.assertEqual(done.answered[0]["answer"]["names"], ["own.called", "own.caller()"])

    def test_an_object_that_raises_leaves_the_prompt_as_it_is(self):
        typed = "class Own:\n    def __dir__(self): raise SystemExit\nown = Own()"
        done = Session(typed, ask(complete="own.x"), "7")
        self.assertEqual((done.answered, done.printed.strip()), ([{"n": 1, "answer": None}], "7"))

    def test_a_question_runs_nothing_and_changes_nothing(self):
        done = Session("5", ask(more="6"), ask(2, complete="pri"), "_")
        self.assertEqual(done.printed.rstrip("\n"), "5\n5")
        self.assertEqual([one["n"] for one in done.answered], [1, 2])


class Lines(unittest.TestCase):
    def test_calls_are_made_on_lines_that_are_counted_from_the_first(self):
        done = Session("import socket\n", "def make():\n    return socket.socket()", "a = make()\nb = socket.socket()", "a.close()")
        # The newline behind the first block is the terminal's, and the empty line in it was typed.
        self.assertEqual(done.lines[:3], [4, 6, 7])


if __name__ == "__main__":
    unittest.main()
