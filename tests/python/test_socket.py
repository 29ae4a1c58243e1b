"""`web/py` under this computer's own CPython: its `_socket`, `select`, errno, streams and signals over a fake machine."""

import asyncio
import contextlib
import errno
import gc
import io
import os
import pathlib
import re
import select as real_select
import signal
import socket as real_socket
import sys
import time
import types
import unittest
import unittest.mock

import fake_pane

sys.modules["_pane"] = fake_pane
sys.path.insert(0, str(fake_pane.LIBRARY))

import _script  # noqa: E402
import runner  # noqa: E402

real_errno = {name: getattr(errno, name) for name in dir(errno) if name.startswith("E")}
real_words = {number: os.strerror(number) for number in real_errno.values()}
real_sleep = time.sleep
runner.prepare()

import selectors  # noqa: E402
import socket  # noqa: E402
import socketserver  # noqa: E402

import _constants  # noqa: E402
import _kernel  # noqa: E402
import _options  # noqa: E402
import _streams  # noqa: E402
import _threads  # noqa: E402
import linux  # noqa: E402
import select  # noqa: E402
import wireside  # noqa: E402

ROOT = fake_pane.LIBRARY.parents[1]
INTERRUPTED = ({"error": {"class": "errno", "errno": 4, "taken": 0}}, b"")


class Fresh(unittest.TestCase):
    """A test that begins without sockets, requests and answers."""

    def setUp(self):
        gc.collect()
        for left in (fake_pane.table, fake_pane.requests, fake_pane.made_on, fake_pane.answers, fake_pane.lines, fake_pane.interrupts):
            left.clear()
        # A shell's "&" ignores SIGINT for what it starts, and Python then leaves its own handler out.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)

    def calls(self):
        """Names of the calls made, in order."""
        return [next(iter(call)) for call, _, _ in fake_pane.requests]

    def pair(self):
        """Two connected sockets."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            one = socket.create_connection(listener.getsockname())
            other, _ = listener.accept()
        self.addCleanup(one.close)
        self.addCleanup(other.close)
        return one, other


class Sockets(Fresh):
    def test_the_library_on_top_is_cpythons_own(self):
        self.assertEqual(pathlib.Path(socket.__file__).parent, pathlib.Path(os.__file__).parent)
        self.assertIs(socket.socket.__base__, sys.modules["_socket"].socket)

    def test_each_method_is_one_call(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        listener.close()
        self.assertEqual(self.calls(), ["Socket", "SetSockOpt", "Bind", "Listen", "Close"])
        self.assertEqual(fake_pane.requests[3][0], {"Listen": {"fd": 3, "backlog": 5}})

    def test_a_call_says_which_line_of_the_script_made_it(self):
        script = "import socket\n\ndef make():\n    return socket.socket()\n\nmake().close()\nsocket.create_server(('127.0.0.1', 0)).close()\n"
        self.addCleanup(setattr, _script, "name", None)
        _script.name = "script.py"
        exec(compile(script, "script.py", "exec"), {})
        _script.name = None
        socket.socket().close()
        # create_server is CPython's own, made of four calls.
        lines = dict.fromkeys(zip(self.calls(), fake_pane.made_on))
        expected = [("Socket", 4), ("Close", 6), ("Socket", 7), ("SetSockOpt", 7), ("Bind", 7), ("Listen", 7), ("Close", 7), ("Socket", None), ("Close", None)]
        self.assertEqual(list(lines), expected)

    def test_a_megabyte_through_makefile(self):
        one, other = self.pair()
        data = os.urandom(1024 * 1024)
        other.setblocking(False)
        got, file = bytearray(), one.makefile("wb")
        view = memoryview(data)
        while len(got) < len(data):
            if view:
                view = view[file.raw.write(view[:65536]) :]
            with contextlib.suppress(BlockingIOError):
                got += other.recv(65536)
        self.assertEqual(got, data)
        file.close()
        one.shutdown(socket.SHUT_WR)
        other.setblocking(True)
        self.assertEqual(other.makefile("rb").read(), b"")

    def test_more_than_a_call_carries_goes_in_pieces(self):
        one, _ = self.pair()
        for size in (1024 * 1024, 1024 * 1024, 5):
            fake_pane.answers.append(({"ok": {"Sent": size}}, b""))
        fake_pane.requests.clear()
        one.sendall(bytes(2 * 1024 * 1024 + 5))
        self.assertEqual([len(payload) for _, _, payload in fake_pane.requests], [1024 * 1024, 1024 * 1024, 5])

    def test_timeouts(self):
        one, _ = self.pair()
        one.settimeout(0.0101)
        with self.assertRaises(TimeoutError) as caught:
            one.recv(1)
        self.assertEqual((str(caught.exception), caught.exception.errno), ("timed out", None))
        self.assertEqual(fake_pane.requests[-1][1], {"Millis": 11})
        one.settimeout(0)
        with self.assertRaises(BlockingIOError) as caught:
            one.recv(1)
        self.assertEqual(caught.exception.errno, 11)
        self.assertEqual(one.getblocking(), False)
        one.settimeout(None)
        one.setblocking(True)
        self.assertIsNone(one.gettimeout())

    def test_connecting_without_waiting(self):
        fake_pane.answers.append(({"ok": {"Descriptor": 3}}, b""))
        fake_pane.answers.append(({"error": {"class": "errno", "errno": 115, "taken": 0}}, b""))
        fake_pane.answers.append(({"error": {"class": "timed_out", "taken": 0}}, b""))
        fake_pane.answers.append(({"ok": "Done"}, b""))
        one = socket.socket()
        one.setblocking(False)
        with self.assertRaises(BlockingIOError) as caught:
            one.connect(("127.0.0.1", 9))
        self.assertEqual(str(caught.exception), "[Errno 115] Operation now in progress")
        one.settimeout(1)
        self.assertEqual(one.connect_ex(("127.0.0.1", 9)), 11)
        one.close()

    def test_a_socket_nobody_holds_is_closed(self):
        made = socket.socket()
        fd = made.fileno()
        del made
        gc.collect()
        self.assertNotIn(fd, fake_pane.table)
        self.assertEqual(fake_pane.requests[-1][0], {"Close": {"fd": fd}})

    def test_constants_are_linuxs(self):
        for name, number in _options.CONSTANTS.items():
            self.assertEqual(number, getattr(real_socket, name), name)
        for name in ("AF_INET", "AF_INET6", "SOCK_STREAM", "SOCK_DGRAM", "SHUT_WR", "AI_PASSIVE", "EAI_NONAME", "NI_DGRAM"):
            self.assertEqual(int(getattr(socket, name)), int(getattr(real_socket, name)), name)

    def test_addresses_are_found_as_cpython_finds_them(self):
        cases = [
            ("127.0.0.1", 80),
            ("127.1", "80"),
            ("::1", 443),
            (None, 80),
            ("127.0.0.1", "http", 0, socket.SOCK_STREAM),
            ("127.0.0.1", 80, socket.AF_INET, socket.SOCK_DGRAM),
            ("127.0.0.1", 70000, 0, 0, socket.IPPROTO_TCP),
            ("127.0.0.1", 80, socket.AF_INET6),
            ("127.0.0.1", 80, 0, 99),
            ("127.0.0.1", "no-such-service"),
            ("name", 80, 0, 0, 0, socket.AI_NUMERICHOST),
            (None, None),
            (3, 80),
            ("127.0.0.1", 1.5),
        ]
        for case in cases:
            self.assertEqual(self.answer(socket, case), self.answer(real_socket, case), case)

    @staticmethod
    def answer(module, case):
        try:
            return [(*map(int, one[:3]), *one[3:]) for one in module.getaddrinfo(*case)]
        except (OSError, TypeError) as error:
            return type(error).__name__, str(error)

    def test_wrong_arguments_are_told_as_cpython_tells_them(self):
        cases = [
            lambda s: s.bind(),
            lambda s: s.bind(address=1),
            lambda s: s.connect(("127.0.0.1", 1, 2)),
            lambda s: s.connect((None, 1)),
            lambda s: s.connect((1, 1)),
            lambda s: s.connect(("127.0.0.1", 1.5)),
            lambda s: s.connect(("127.0.0.1", -1)),
            lambda s: s.connect(("a\0b", 1)),
            lambda s: s.connect_ex(1, 2),
            lambda s: s.listen(1, 2),
            lambda s: s.send(),
            lambda s: s.send(b"", 1, 2),
            lambda s: s.send(b"x", "a"),
            lambda s: s.sendall(),
            lambda s: s.sendto(b"x"),
            lambda s: s.sendto(b"x", 1, 2, 3),
            lambda s: s.recv(-1),
            lambda s: s.recv("a"),
            lambda s: s.recv(1, 2, 3),
            lambda s: s.recvfrom(-1),
            lambda s: s.recv_into(b"abc"),
            lambda s: s.recv_into(bytearray(2), 5),
            lambda s: s.shutdown(),
            lambda s: s.shutdown("a"),
            lambda s: s.shutdown(9),
            lambda s: s.settimeout("a"),
            lambda s: s.settimeout(-1),
            lambda s: s.settimeout(1e20),
            lambda s: s.setsockopt(1, 2),
            lambda s: s.setsockopt(1, 2, "a"),
            lambda s: s.getsockopt(1),
            lambda s: s.getsockopt(1, 2, -5),
            lambda s: s.getsockname(1),
            lambda s: s.getpeername(),
            lambda s: s.accept(),
            lambda s: s.fileno(1),
        ]
        with socket.socket() as ours, real_socket.socket() as theirs:
            for at, case in enumerate(cases):
                self.assertEqual(self.problem(case, ours), self.problem(case, theirs), f"case {at}")

    @staticmethod
    def problem(case, one):
        try:
            return case(one)
        except Exception as error:
            return type(error).__name__, str(error)


class Refusals(Fresh):
    def test_a_rule_of_the_lab_is_no_errno(self):
        with socket.socket() as one, self.assertRaises(wireside.PolicyError) as caught:
            one.connect(("192.168.1.10", 22))
        self.assertIsNone(caught.exception.errno)
        self.assertNotIsInstance(caught.exception, PermissionError)
        self.assertEqual(
            str(caught.exception),
            "This lab does not connect to 192.168.1.10:22 (rule: private addresses). "
            "The network was not asked; this is our rule, not an error of your code.",
        )

    def test_a_rule_passes_through_connect_ex(self):
        with socket.socket() as one, self.assertRaises(wireside.PolicyError):
            one.connect_ex(("192.168.1.10", 22))

    def test_a_limit_and_a_lost_room(self):
        for error, kind, words in [
            ({"class": "limit", "limit": "sockets", "value": 512}, wireside.LimitError, "sockets, 512"),
            ({"class": "session", "code": "ROOM_ENDED", "message": "this room has ended"}, wireside.RoomOver, "this room has ended"),
            ({"class": "protocol", "rule": "call-id"}, wireside.LabError, "call-id"),
        ]:
            fake_pane.answers.append(({"error": error}, b""))
            with self.assertRaises(kind) as caught:
                socket.socket()
            self.assertIsNone(caught.exception.errno)
            self.assertIn(words, str(caught.exception))

    def test_what_linux_has_and_the_lab_has_not(self):
        with self.assertRaisesRegex(wireside.NotAvailable, "family 17, only AF_INET and AF_UNIX"):
            socket.socket(17)
        self.assertFalse(socket.has_ipv6)
        with self.assertRaisesRegex(wireside.NotAvailable, "SOCK_STREAM"):
            socket.socket(socket.AF_INET, socket.SOCK_RAW)
        for number, words in ((36, "SO_MARK: Linux has it"), (9999, "socket option 9999 of level 1")):
            with socket.socket() as one, self.assertRaisesRegex(wireside.NotAvailable, words):
                one.setsockopt(socket.SOL_SOCKET, number, 1)
        with socket.socket() as one, self.assertRaisesRegex(wireside.NotAvailable, "IP_ADD_MEMBERSHIP.*no multicast"):
            one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, bytes(8))
        self.assertEqual(self.calls(), ["Socket", "Close"] * 3)

    def test_names_that_cannot_be_are_not_found_and_others_are_refused(self):
        refused = ({"error": {"class": "policy", "rule": "outbound_off", "value": "example.com:80"}}, b"")
        for name, asked in [("256.1.1.1", 0), ("a b", 0), ("a..b", 0), ("x" * 64, 0), ("sevrer", 1)]:
            fake_pane.requests.clear()
            fake_pane.answers[:] = [refused] * asked
            with self.assertRaises(socket.gaierror) as caught:
                socket.gethostbyname(name)
            self.assertNotIsInstance(caught.exception, wireside.LabError)
            self.assertEqual((caught.exception.errno, len(fake_pane.requests)), (-2, asked), name)
        fake_pane.answers.append(refused)
        with self.assertRaises(socket.gaierror) as caught:
            socket.getaddrinfo("example.com", 80)
        self.assertIsInstance(caught.exception, wireside.PolicyError)
        self.assertIsNone(caught.exception.errno)
        self.assertIn('called "example.com"', str(caught.exception))

    def test_addresses_have_the_texts_and_bytes_that_c_gives_them(self):
        texts = "1.2.3.4 0.0.0.0 01.2.3.4 1.2.3 1.2.3.256 a ::1 :: 1:: ::ffff:1.2.3.4 ::1.2.3.4 fe80::1:0:0:2 1:2:3:4:5:6:7:8 1:2 1::2::3 "
        texts += ":1 1: 1:2:3:4:5:6:7:8:9 12345:: ::g 1:0:0:4:0:0:0:8 1:2:3:4:5:6:1.2.3.4 ::1%lo 1.2.3.4:: 1:2:3:4:5:6:7::"
        for text in texts.split():
            for family in (socket.AF_INET, socket.AF_INET6):
                told = []
                for module in (socket, real_socket):
                    try:
                        packed = module.inet_pton(family, text)
                        told.append((packed, module.inet_ntop(family, packed)))
                    except OSError as error:
                        told.append(str(error))
                self.assertEqual(*told, f"{family} {text}")

    def test_socket_has_cpythons_names_and_none_of_ours(self):
        # The numbers are those of CPython 3.13, whichever this one is: test_constants.py.
        theirs = {*dir(real_socket), *vars(_constants)}
        added = {name for name in dir(socket) if not name.startswith("_")} - theirs
        self.assertEqual(added, set())

    def test_asyncio_believes_this_socket_and_no_other(self):
        from asyncio import selector_events

        self.assertEqual(selector_events._HAS_SENDMSG, hasattr(socket.socket, "sendmsg"))

    def test_descriptors_of_sockets_are_oss_too(self):
        import _descriptors

        one, other = self.pair()
        self.assertEqual(_descriptors._write(one.fileno(), b"hello"), 5)
        self.assertEqual(_descriptors._read(other.fileno(), 10), b"hello")
        _descriptors._close(one.detach())
        self.assertEqual(_descriptors._read(other.fileno(), 10), b"")

    def test_threads_and_ssl_say_that_they_are_not_here(self):
        import threading

        with self.assertRaisesRegex(RuntimeError, "one thread.*Chrome, Edge and Firefox"):
            threading.Thread(target=print).start()
        with self.assertRaisesRegex(ImportError, "plain bytes"):
            import ssl  # noqa: F401


class Signals(Fresh):
    def test_stop_in_a_waiting_call(self):
        one, _ = self.pair()
        fake_pane.answers.append(INTERRUPTED)
        fake_pane.interrupts.append(True)
        with self.assertRaises(KeyboardInterrupt):
            one.recv(1)

    def test_a_handler_that_returns_lets_the_call_go_on(self):
        import signal

        one, other = self.pair()
        other.send(b"x")
        fake_pane.answers.append(INTERRUPTED)
        fake_pane.interrupts.append(True)
        seen = []
        before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
        self.addCleanup(signal.signal, signal.SIGINT, before)
        self.assertEqual((one.recv(1), seen), (b"x", [signal.SIGINT]))

    def test_bytes_taken_before_a_signal_are_not_lost(self):
        one, _ = self.pair()
        fake_pane.answers.append(({"error": {"class": "errno", "errno": 4, "taken": 3}}, b""))
        self.assertEqual(one.send(b"hello"), 3)
        fake_pane.answers.append(({"error": {"class": "errno", "errno": 4, "taken": 3}}, b""))
        fake_pane.requests.clear()
        one.sendall(b"hello")
        self.assertEqual([payload for _, _, payload in fake_pane.requests], [b"hello", b"lo"])

    def test_stop_in_sleep_and_input(self):
        fake_pane.interrupts.append(True)
        with self.assertRaises(KeyboardInterrupt):
            _streams.sleep(1000)
        fake_pane.lines.append(None)
        fake_pane.interrupts.append(True)
        with self.assertRaises(KeyboardInterrupt):
            io.BufferedReader(_streams._Input()).readline()


class Waiting(Fresh):
    def test_select(self):
        one, other = self.pair()
        self.assertEqual(select.select([one], [], [], 0), ([], [], []))
        other.send(b"x")
        self.assertEqual(select.select([one], [one], [one], 5), ([one], [one], []))
        for wrong in ((1, [], []), (["a"], [], []), ([-1], [], []), ([], [], [], "a"), ([], [], [], -1)):
            self.assertEqual(self.problem(select, wrong), self.problem(real_select, wrong), wrong)

    @staticmethod
    def problem(module, arguments):
        try:
            return module.select(*arguments)
        except (TypeError, ValueError) as error:
            return type(error).__name__, str(error)

    def test_selectors(self):
        one, other = self.pair()
        other.send(b"x")
        self.assertIs(selectors.DefaultSelector, selectors.EpollSelector)
        for kind in (selectors.EpollSelector, selectors.PollSelector, selectors.SelectSelector):
            with kind() as selector:
                selector.register(one, selectors.EVENT_READ, "data")
                ((key, events),) = selector.select(5)
            self.assertEqual((key.fileobj, key.data, events), (one, "data", selectors.EVENT_READ))

    def test_socketserver(self):
        class Echo(socketserver.StreamRequestHandler):
            def handle(self):
                self.wfile.write(self.rfile.readline().upper())

        with socketserver.TCPServer(("127.0.0.1", 0), Echo) as server:
            with socket.create_connection(server.server_address) as client:
                client.sendall(b"hello\n")
                server.handle_request()
                self.assertEqual(client.makefile("rb").read(), b"HELLO\n")


class Loops(Fresh):
    """asyncio, on the same calls."""

    async def talk(self, reader, writer):
        while line := await reader.readline():
            writer.write(line.upper())
            await writer.drain()
        writer.close()

    async def conversation(self):
        async with await asyncio.start_server(self.talk, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello\n")
            said = await reader.readline()
            writer.close()
            await writer.wait_closed()
        return said

    def test_a_server_and_its_client(self):
        self.assertEqual(asyncio.run(self.conversation()), b"HELLO\n")
        self.assertIn("Poll", self.calls())

    def test_it_is_cpythons_own_run_and_our_loop(self):
        async def main():
            return type(asyncio.get_running_loop())

        self.assertEqual(asyncio.run.__module__, "asyncio.runners")
        self.assertEqual(asyncio.run(main()).__module__, "_loop")
        self.assertIsNone(asyncio._get_running_loop())

    def test_a_refusal_has_its_own_class(self):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            address = gone.getsockname()

        async def main():
            await asyncio.open_connection(*address)

        with self.assertRaises(ConnectionRefusedError) as caught:
            asyncio.run(main())
        self.assertEqual(caught.exception.errno, 111)

    def test_what_would_be_another_threads_runs_at_once(self):
        async def main():
            return await asyncio.to_thread(lambda: 7)

        self.assertEqual(asyncio.run(main()), 7)

    def test_stop_ends_a_loop_that_waits(self):
        async def main():
            one, _ = self.pair()
            one.setblocking(False)
            fake_pane.interrupts.append(True)
            fake_pane.answers.append(INTERRUPTED)
            try:
                await asyncio.get_running_loop().sock_recv(one, 1)
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise

        seen = []
        with self.assertRaises(KeyboardInterrupt):
            asyncio.run(main())
        self.assertEqual(seen, ["cancelled"])

    def test_stop_ends_a_loop_that_sleeps(self):
        async def main():
            fake_pane.interrupts.append(True)
            await asyncio.sleep(1000)

        with self.assertRaises(KeyboardInterrupt):
            asyncio.run(main())


class Numbers(unittest.TestCase):
    def test_errno_is_linuxs(self):
        self.assertEqual({name: number for name, (number, _) in linux.ERRNO.items()}, real_errno)
        self.assertEqual({number: linux.strerror(number) for number in real_words}, real_words)

    def test_errno_is_the_same_on_the_server(self):
        table = (ROOT / "crates" / "core" / "src" / "errno.rs").read_text(encoding="utf-8")
        rows = re.findall(r'^    (E\w+) = (\d+), "([^"]+)"', table, re.MULTILINE)
        self.assertGreater(len(rows), 30)
        for name, number, words in rows:
            self.assertEqual(linux.ERRNO[name], (int(number), words))

    def test_classes_are_cpythons(self):
        for number in real_words:
            self.assertIs(type(linux.error(number)), type(OSError(number, "")), number)

    def test_limits_are_the_protocols(self):
        limits = (ROOT / "crates" / "core" / "src" / "limits.rs").read_text(encoding="utf-8")
        self.assertRegex(limits, r"\bCALL_PAYLOAD: u32 = 1024 \* 1024 ")
        self.assertEqual(_kernel.PAYLOAD, 1024 * 1024)


class Turns(unittest.TestCase):
    """Where a thread may lose its turn to another."""

    def setUp(self):
        self.done = []
        taken = types.SimpleNamespace(
            due=lambda: self.done.append("due"), can_wait=lambda: True, turn=lambda: 0, wait=lambda token: self.done.append("turn"),
            ident=lambda: _threads.MAIN, take_signal=lambda: 0,
        )
        self.enterContext(unittest.mock.patch.object(_threads, "_stacks", taken))

    def at(self, file, *around):
        """The turn is over in a function of this file, which functions of the others have called."""
        names = {"over": lambda: _threads._turn_is_over(26, sys._getframe(1))}
        exec(compile("def here(): over()", file, "exec"), names)
        for outer in around:
            exec(compile("def here(inner=here): inner()", outer, "exec"), names)
        names["here"]()
        return self.done

    def test_of_the_program(self):
        self.assertEqual(self.at("script.py", "/lib/python3.14/threading.py"), ["turn"])

    def test_in_our_own_files(self):
        self.assertEqual(self.at(f"{fake_pane.LIBRARY}/_socket.py", "script.py"), ["due"])

    def test_in_what_our_own_files_call(self):
        # To convert a value Pyodide runs Python with JavaScript below, which cannot be suspended: the program was ended.
        self.assertEqual(self.at("/lib/python3.14/abc.py", f"{fake_pane.LIBRARY}/_pane.py", "script.py"), ["due"])

    def test_in_what_a_handler_of_the_program_does(self):
        before = signal.signal(signal.SIGINT, lambda number, frame: _threads._turn_is_over(26, sys._getframe(0)))
        self.addCleanup(signal.signal, signal.SIGINT, before)
        with unittest.mock.patch.object(_kernel._pane, "take_signal", iter((2, 0, 0)).__next__):
            _kernel.signals()
        self.assertEqual(self.done, ["turn"])


if __name__ == "__main__":
    unittest.main()
