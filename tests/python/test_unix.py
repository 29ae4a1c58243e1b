"""AF_UNIX, pairs and copies of descriptors beside this computer's own: the same steps on both, and what they told."""

import os
import tempfile
import unittest

from test_socket import socket, wireside
from test_vectors import Beside, told

# The library is found since `test_socket` is loaded.
import _unix  # isort: skip


class Descriptors(Beside):
    def test_a_copy_keeps_the_socket_open_and_the_last_close_ends_it(self):
        def tell(socket, select):
            one, other = self.pair(socket)
            again = one.dup()
            one.close()
            again.sendall(b"still open")
            said = [other.recv(20), again.fileno() != -1, one.fileno(), again.family, again.type, again.proto]
            again.close()
            return [*said, other.recv(20)]

        self.assertEqual(self.both(tell)[0], b"still open")

    def test_fromfd_copies_and_fileno_adopts(self):
        def tell(socket, select):
            one, other = self.pair(socket)
            copy = socket.fromfd(one.fileno(), socket.AF_INET, socket.SOCK_STREAM)
            taken = socket.socket(fileno=one.detach())
            said = [copy.fileno() != taken.fileno(), one.fileno(), taken.family, taken.type, taken.proto, taken.gettimeout()]
            taken.close()
            copy.sendall(b"by the copy")
            said += [other.recv(20), copy.getpeername() == other.getsockname()]
            copy.close()
            return [*said, other.recv(20)]

        self.both(tell)

    def test_descriptors_that_are_none(self):
        def tell(socket, select):
            number = socket.socket().detach()
            socket.close(number)
            return told(
                [
                    lambda: socket.dup(number),
                    lambda: socket.socket(fileno=number),
                    lambda: socket.socket(fileno=0),
                    lambda: socket.socket(fileno=-1),
                    lambda: socket.dup("x"),
                    lambda: socket.socket(fileno=number, family=socket.AF_INET, type=socket.SOCK_STREAM),
                ]
            )

        self.both(tell)


class Pairs(Beside):
    def test_a_pair_is_of_af_unix_and_has_no_names(self):
        def tell(socket, select):
            a, b = socket.socketpair()
            a.sendall(b"ping")
            said = [b.recv(10), a.family, a.type, a.proto, a.getsockname(), a.getpeername(), b.gettimeout()]
            a.shutdown(socket.SHUT_WR)
            b.sendall(b"pong")
            said += [b.recv(1), a.recv(9)]
            b.close()
            return [*said, a.recv(1), *told([lambda: a.send(b"x")])]

        self.assertEqual(self.both(tell)[0], b"ping")

    def test_of_datagrams_and_of_what_has_no_pairs(self):
        def tell(socket, select):
            a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            a.send(b"one")
            a.send(b"")
            return [
                *(b.recvfrom(2), b.recvfrom(2), b.type),
                *told(
                    [
                        lambda: socket.socketpair(socket.AF_INET),
                        lambda: socket.socketpair(socket.AF_UNIX, 99),
                        lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM, 6),
                        lambda: socket.socketpair("x"),
                    ]
                ),
            ]

        self.both(tell)


class Names(Beside):
    def folder(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        return made.name

    def test_a_stream_by_path(self):
        def tell(socket, select):
            where = os.path.join(self.folder(), "talk")
            with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
                server.bind(where)
                server.listen()
                client.connect(where)
                conn, who = server.accept()
                said = [repr(who), conn.getsockname() == where, client.getpeername() == where, client.getsockname()]
                conn.sendall(b"hello")
                data, sender = client.recvfrom(10)
                said += [data, sender == where, *told([lambda: client.sendto(b"x", where), lambda: conn.connect(where)])]
                conn.close()
                return [*said, client.recvfrom(10)]

        self.both(tell)

    def test_what_is_there_and_what_is_not(self):
        def tell(socket, select):
            folder = self.folder()
            where, file = os.path.join(folder, "talk"), os.path.join(folder, "file")
            with open(file, "w"):
                pass
            new = lambda kind=socket.SOCK_STREAM: socket.socket(socket.AF_UNIX, kind)  # noqa: E731
            said = told(
                [
                    lambda: new().connect(where),
                    lambda: new().connect_ex(where),
                    lambda: new().connect(file),
                    lambda: new().bind(file),
                    lambda: new().bind(os.path.join(folder, "none", "talk")),
                    lambda: new().bind(os.path.join(file, "talk")),
                    lambda: new(socket.SOCK_DGRAM).sendto(b"x", where),
                    lambda: new(socket.SOCK_DGRAM).sendto(b"x", file),
                ]
            )
            server = new()
            server.bind(where)
            said += told(
                [
                    lambda: new().bind(where),
                    lambda: server.bind(where + "2"),
                    lambda: new().connect(where),
                    lambda: new(socket.SOCK_DGRAM).connect(where),
                    lambda: server.close(),
                    lambda: new().connect(where),
                    lambda: new().bind(where),
                    lambda: os.unlink(where),
                    lambda: new().connect(where),
                    lambda: new().bind(where),
                ]
            )
            return said

        self.both(tell)

    def test_datagrams_say_who_sent_them(self):
        def tell(socket, select):
            folder = self.folder()
            one, other, third = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(3))
            here, there = os.path.join(folder, "here"), os.path.join(folder, "there")
            one.bind(here)
            other.bind(there)
            said = [other.sendto(b"named", here), third.sendto(b"not named", here)]
            data, sender = one.recvfrom(10)
            said += [data, sender == there, one.recvfrom(10)]
            one.sendto(b"back", sender)
            said += [other.recv(10)]
            third.connect(here)
            third.send(b"connected")
            said += [one.recvmsg(4)[0], third.getpeername() == here]
            one.close()
            return [*said, *told([lambda: third.send(b"x"), lambda: other.sendto(b"x", here)])]

        self.both(tell)

    def test_abstract_names_and_those_of_the_kernels_choice(self):
        def tell(socket, select):
            name = b"\0wireside-test-%d" % os.getpid()
            server, client = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
            server.bind(name)
            server.listen(1)
            client.connect(name)
            conn, who = server.accept()
            said = [who, server.getsockname(), client.getpeername(), conn.getsockname()]
            chosen = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            chosen.bind("")
            said += [chosen.getsockname()[:1], len(chosen.getsockname())]
            other = socket.socket(socket.AF_UNIX)
            said += told([lambda: other.bind(name), lambda: other.connect(name + b"x"), lambda: other.connect("")])
            for one in (conn, client, server):
                one.close()
            return said

        self.both(tell)

    def test_names_that_are_none(self):
        def tell(socket, select):
            one = socket.socket(socket.AF_UNIX)
            return told(
                [
                    lambda: one.bind("x" * 108),
                    lambda: one.bind(b"\0" + b"x" * 108),
                    lambda: one.connect("/tmp/" + "x" * 103),
                    lambda: one.bind(("localhost", 80)),
                    lambda: one.bind(None),
                    lambda: one.connect(7),
                    lambda: one.bind(),
                    lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 6),
                    lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 1).proto,
                    lambda: socket.getaddrinfo("localhost", 80, socket.AF_UNIX),
                    lambda: socket.socket().connect("/tmp/talk"),
                    lambda: one.recv(1),
                    lambda: one.getpeername(),
                    lambda: one.accept(),
                ]
            )

        self.both(tell)

    def test_a_full_queue_is_said_at_once_where_there_is_a_timeout(self):
        def tell(socket, select):
            where = os.path.join(self.folder(), "talk")
            server, callers = socket.socket(socket.AF_UNIX), [socket.socket(socket.AF_UNIX) for _ in range(3)]
            server.bind(where)
            server.listen(0)
            for one in callers:
                one.settimeout(5)
            return told([lambda one=one: one.connect(where) for one in callers[:2]]) + [callers[2].connect_ex(where)]

        self.both(tell)

    def test_names_of_any_bytes(self):
        def tell(socket, select):
            folder = os.fsencode(self.folder())
            names = [folder + b"/a b", folder + b"/\xff\x80", folder + b"/@\\x41\n", folder + "/ä".encode()]
            said = []
            for name in names:
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
                    one.bind(name)
                    said.append(os.fsencode(one.getsockname()) == name)
            one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            one.bind(folder + b"/cut\0off")
            return [*said, os.fsencode(one.getsockname()) == folder + b"/cut"]

        self.both(tell)


class Refusals(Beside):
    def test_the_pages_own_streams_do_not_travel(self):
        one, other = socket.socketpair()
        with self.assertRaisesRegex(wireside.NotAvailable, "own streams"):
            socket.send_fds(one, [b"x"], [0])
        # So none come, as on Linux from somebody who sends none.
        one.send(b"x")
        self.assertEqual(socket.recv_fds(other, 1, 1)[:3], (b"x", [], 0))
        with self.assertRaises(wireside.NotAvailable):
            one.getsockopt(socket.SOL_SOCKET, 17)
        with self.assertRaises(wireside.NotAvailable):
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)


class Paths(unittest.TestCase):
    def test_a_path_is_told_from_the_folder_that_the_machine_knows(self):
        self.assertEqual(_unix.text_of("/tmp/talk"), "unix:/tmp/talk")
        self.assertEqual(_unix.text_of("talk"), f"unix:{os.getcwd()}/talk")
        self.assertEqual(_unix.name_of("unix:./talk"), "./talk")
        self.assertEqual(_unix.name_of("unix:@a\\x00\\xff"), b"\0a\0\xff")
        self.assertEqual(_unix.name_of("unix:"), "")


if __name__ == "__main__":
    unittest.main()
