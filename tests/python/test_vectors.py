"""epoll, sendmsg and recvmsg beside this computer's own: the same steps on both, and what they told."""

import os
import struct
import unittest
import unittest.mock

import fake_pane
from test_socket import _kernel, _threads, real_select, real_socket, select, socket, wireside

import _epoll

BOTH = ((socket, select), (real_socket, real_select))


def told(steps):
    """What the steps tell: values as they are, errors by their class, number and words."""
    said = []
    for step in steps:
        try:
            said.append(step())
        except (OSError, TypeError, ValueError, OverflowError, MemoryError) as error:
            said.append((type(error).__name__, getattr(error, "errno", None) or str(error)))
    return said


class Beside(unittest.TestCase):
    def setUp(self):
        for made in fake_pane.table.values():
            made.close()
        fake_pane.table.clear()
        fake_pane.answers.clear()

    def both(self, tell):
        """The same on both; what ours told."""
        ours, theirs = (tell(*modules) for modules in BOTH)
        self.assertEqual(ours, theirs)
        return ours

    @staticmethod
    def pair(module):
        with module.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)
            one = module.create_connection(listener.getsockname())
            return one, listener.accept()[0]


class Epoll(Beside):
    def test_what_is_ready_until_it_is_read_and_after_the_end(self):
        def tell(socket, select):
            one, other = self.pair(socket)
            with one, select.epoll() as epoll:
                epoll.register(one, select.EPOLLIN)
                events = lambda: [seen for _, seen in epoll.poll(1)]  # noqa: E731
                said = [epoll.poll(0)]
                other.send(b"x")
                said += [events(), events(), one.recv(1), epoll.poll(0)]
                epoll.modify(one, select.EPOLLOUT)
                said += [events()]
                epoll.modify(one, select.EPOLLIN | select.EPOLLRDHUP)
                other.close()
                said += [events()]
                epoll.unregister(one)
                return [*said, epoll.poll(0), epoll.closed]

        self.assertEqual(self.both(tell)[1], [select.EPOLLIN])

    def test_once_is_once_until_it_is_modified(self):
        def tell(socket, select):
            one, other = self.pair(socket)
            with one, other, select.epoll() as epoll:
                epoll.register(one, select.EPOLLOUT | select.EPOLLONESHOT)
                first, second = epoll.poll(1), epoll.poll(0)
                epoll.modify(one, select.EPOLLOUT)
                return len(first), len(second), len(epoll.poll(1)), len(epoll.poll(1))

        self.assertEqual(self.both(tell), (1, 0, 1, 1))

    def test_a_closed_descriptor_is_out_of_it(self):
        def tell(socket, select):
            one, other = self.pair(socket)
            with other, select.epoll() as epoll:
                epoll.register(one, select.EPOLLIN)
                epoll.register(other, select.EPOLLIN)
                one.close()
                return [seen for _, seen in epoll.poll(1)], len(epoll.poll(1, 1))

        self.both(tell)

    def test_mistakes_are_told_in_the_same_words(self):
        def tell(socket, select):
            one, other = self.pair(socket)
            with one, other:
                epoll = select.epoll()
                epoll.register(one)
                steps = [
                    lambda: epoll.register(one),
                    lambda: epoll.modify(other, 1),
                    lambda: epoll.unregister(other),
                    lambda: epoll.register("x"),
                    lambda: epoll.poll(0, 0),
                    lambda: epoll.poll("x"),
                    lambda: select.epoll(-2),
                    lambda: select.epoll(flags=1),
                    epoll.close,
                    epoll.close,
                    lambda: epoll.poll(0),
                    lambda: epoll.register(one),
                ]
                return told(steps)

        self.both(tell)

    def test_the_exclusive_are_never_modified_nor_told_once(self):
        def tell(socket, select):
            one, other = self.pair(socket)
            exclusive = select.EPOLLEXCLUSIVE
            with one, other, select.epoll() as epoll:
                other.send(b"x")
                return told(
                    [
                        lambda: epoll.register(one, select.EPOLLIN | select.EPOLLPRI | exclusive),
                        lambda: epoll.register(one, select.EPOLLIN | select.EPOLLONESHOT | exclusive),
                        lambda: epoll.register(one, select.EPOLLIN | exclusive),
                        lambda: epoll.register(one, select.EPOLLIN | exclusive),
                        lambda: [seen for _, seen in epoll.poll(1)],
                        lambda: epoll.modify(one, select.EPOLLIN),
                        lambda: epoll.modify(other, select.EPOLLIN | exclusive),
                        lambda: epoll.unregister(one),
                    ]
                )

        self.assertEqual(self.both(tell)[4], [select.EPOLLIN])

    def test_an_edge_is_told_once_and_again_with_new_data_while_the_old_is_unread(self):
        def tell(socket, select):
            one, other = self.pair(socket)
            with one, other, select.epoll() as epoll:
                epoll.register(one, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
                events = lambda wait=0: [seen for _, seen in epoll.poll(wait)]  # noqa: E731
                said = [events(), events()]
                other.send(b"abc")
                said += [events(1), events(), one.recv(1), events()]
                other.send(b"d")
                said += [events(1), events(), one.recv(9), events()]
                epoll.modify(one, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
                said += [events(), events()]
                other.close()
                return [*said, events(1), events()]

        both = select.EPOLLIN | select.EPOLLOUT
        self.assertEqual(self.both(tell)[:8], [[select.EPOLLOUT], [], [both], [], b"a", [], [both], []])

    def test_it_is_a_descriptor_that_can_be_watched_copied_and_taken_over(self):
        def tell(socket, select):
            one, other = self.pair(socket)
            with one, other, select.epoll() as inner, select.epoll() as outer:
                number = {one.fileno(): "one", inner.fileno(): "inner"}.get
                poll = lambda of: [(number(fd), seen) for fd, seen in of.poll(0)]  # noqa: E731
                inner.register(one, select.EPOLLIN)
                outer.register(inner, select.EPOLLIN)
                quiet = [poll(inner), poll(outer), select.select([inner], [], [], 0)[0]]
                other.send(b"x")
                # It closes what it was given.
                same = select.epoll.fromfd(inner.fileno())
                dup = os.dup if select is real_select else _kernel.dup
                copy = select.epoll.fromfd(dup(inner.fileno()))
                ready = select.select([inner], [], [], 1)[0] == [inner]
                polled = select.poll()
                polled.register(inner, select.POLLIN)
                said = [quiet, ready, polled.poll(0) == [(inner.fileno(), 1)], poll(outer), poll(same), poll(copy)]
                said += [same.fileno() == inner.fileno(), copy.fileno() == inner.fileno(), copy.closed]
                copy.close()
                return [*said, copy.closed, poll(inner)]

        self.both(tell)

    def test_a_copy_is_watched_beside_and_a_closed_number_goes_on_being_told(self):
        def tell(socket, select):
            one, other = self.pair(socket)
            with other, select.epoll() as epoll:
                first, copy = one.fileno(), one.dup()
                name = {first: "first", copy.fileno(): "copy"}.get
                epoll.register(one, select.EPOLLIN)
                epoll.register(copy, select.EPOLLOUT)
                other.send(b"x")
                events = lambda: sorted((name(fd), seen) for fd, seen in epoll.poll(1))  # noqa: E731
                said = [events(), *told([lambda: epoll.register(copy, 1)])]
                one.close()
                said += [events(), *told([lambda: epoll.unregister(first), lambda: epoll.modify(first, 1)])]
                copy.close()
                return [*said, events() if select is not real_select else [(name(fd), seen) for fd, seen in epoll.poll(0.1)]]

        self.both(tell)

    def test_what_cannot_be_watched_is_told_in_the_same_words(self):
        def tell(socket, select):
            one, other = self.pair(socket)
            with one, other, select.epoll() as epoll, select.epoll() as another:
                epoll.register(another)
                no_epoll = select.epoll.fromfd(one.dup().detach())
                closed = select.epoll()
                closed.close()
                chain = [select.epoll() for _ in range(6)]

                def nest():
                    for inner, outer in zip(chain, chain[1:]):
                        outer.register(inner, select.EPOLLIN)

                return told(
                    [
                        lambda: epoll.register(epoll),
                        lambda: another.register(epoll),
                        nest,
                        lambda: epoll.register(987),
                        lambda: epoll.register(-1),
                        lambda: epoll.register(one, -1),
                        lambda: epoll.register(one, 1 << 32),
                        lambda: epoll.register(another, select.EPOLLIN | select.EPOLLEXCLUSIVE),
                        lambda: no_epoll.register(other),
                        lambda: no_epoll.poll(0),
                        lambda: select.epoll.fromfd(987).poll(0),
                        lambda: epoll.poll(1e7),
                        lambda: epoll.poll(1e10),
                        lambda: epoll.poll(0, -2),
                        lambda: closed.fileno(),
                        lambda: closed.__enter__(),
                        lambda: closed.register(one),
                    ]
                )

        self.both(tell)

    def test_the_pages_own_streams_are_told_beside_the_machines(self):
        with socket.socket(type=socket.SOCK_DGRAM) as one, select.epoll() as epoll:
            come, unread = [0], [False]
            stdin = unittest.mock.Mock(**{"buffer.has_bytes": lambda: unread[0], "buffer.fileno": lambda: 0})
            with (
                unittest.mock.patch.object(_epoll.sys, "__stdin__", stdin),
                unittest.mock.patch.object(_epoll._pane, "lines_come", lambda: come[0]),
            ):
                epoll.register(one, select.EPOLLOUT)
                epoll.register(0, select.EPOLLIN | select.EPOLLET)
                epoll.register(1, select.EPOLLOUT | select.EPOLLONESHOT)
                socket_only = [(one.fileno(), select.EPOLLOUT)]
                self.assertEqual(epoll.poll(0), [(1, select.EPOLLOUT), *socket_only])
                self.assertEqual(epoll.poll(0), socket_only)
                come[0], unread[0] = 1, True
                self.assertEqual(epoll.poll(0), [(0, select.EPOLLIN), *socket_only])
                self.assertEqual(epoll.poll(0), socket_only, "no new line")
                come[0] = 2
                self.assertEqual([len(epoll.poll(0, 1)) for _ in range(2)], [1, 1])
                epoll.modify(0, select.EPOLLIN)
                self.assertEqual({epoll.poll(0, 1)[0][0] for _ in range(2)}, {0, one.fileno()}, "both have their turn")
                self.assertEqual(
                    told([lambda: epoll.register(0), lambda: epoll.unregister(2), lambda: epoll.modify(2, 1)]),
                    [("FileExistsError", 17), ("FileNotFoundError", 2), ("FileNotFoundError", 2)],
                )
                with select.epoll() as outer:
                    for watch in (lambda: outer.register(epoll), lambda: select.select([epoll], [], [], 0)):
                        with self.assertRaisesRegex(wireside.NotAvailable, "Standard input"):
                            watch()
                epoll.unregister(0)
                epoll.unregister(1)

    def test_who_waits_hears_of_a_stream_that_another_thread_registers(self):
        woken = []
        with select.epoll() as epoll, unittest.mock.patch.object(_kernel, "wake", woken.append):
            instance = _kernel.epolls[epoll.fileno()]
            waits = _epoll._told

            def told(*_args, **_ends):
                # Another thread, while this one waits.
                with unittest.mock.patch.object(_threads, "ident", lambda: 99):
                    epoll.register(1, select.EPOLLOUT)
                _epoll._told = waits
                raise InterruptedError(4, "Interrupted system call")

            with unittest.mock.patch.object(_epoll, "_told", told):
                self.assertEqual(epoll.poll(9), [(1, select.EPOLLOUT)])
            self.assertEqual((woken, instance.waiting), ([_threads.ident()], set()))


class Vectors(Beside):
    def test_a_stream_gathers_and_scatters(self):
        def tell(socket, _):
            one, other = self.pair(socket)
            first, second = bytearray(3), bytearray(9)
            with one, other:
                sent = one.sendmsg([b"abc", bytearray(b"de"), memoryview(b"fgh")])
                said = [sent, other.recvmsg(2), other.recvmsg_into([first, second]), bytes(first), bytes(second)]
                one.close()
                return [*said, other.recvmsg(9)]

        self.assertEqual(self.both(tell)[:2], [8, (b"ab", [], 0, None)])

    def test_a_datagram_says_that_it_was_cut(self):
        def tell(socket, _):
            with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as other:
                other.bind(("127.0.0.1", 0))
                one.bind(("127.0.0.1", 0))
                said = []
                for size in (4, 5, 0):
                    sent = one.sendmsg([b"he", b"llo"], [], 0, other.getsockname())
                    data, control, flags, sender = other.recvmsg(size)
                    said.append((sent, data, control, bool(flags & socket.MSG_TRUNC), sender == one.getsockname()))
                return said

        self.assertEqual([cut for _, _, _, cut, _ in self.both(tell)], [True, False, True])

    def test_hostile_sizes_are_told_in_the_same_words(self):
        def tell(socket, _):
            one, other = self.pair(socket)
            with one, other:
                steps = [
                    lambda: one.recvmsg(-1),
                    lambda: one.recvmsg(1, -1),
                    lambda: one.recvmsg_into([b"abc"]),
                    lambda: one.recvmsg_into(7),
                    lambda: one.sendmsg(7),
                    lambda: one.sendmsg(["x"]),
                    lambda: one.sendmsg([b""]),
                    lambda: one.sendmsg([b"x"] * 500),
                    lambda: one.sendmsg([b"x"] * 1024),
                    lambda: one.sendmsg([b"x"] * 1025),
                    lambda: one.recvmsg_into([bytearray(1)] * 1025),
                    lambda: one.sendmsg([b"x"] * 1025, [(0, 0, 0)]),
                    lambda: one.sendmsg(["x"], [], 0, "x"),
                    one.close,
                    lambda: one.sendmsg([b"x"] * 1025),
                    lambda: one.recvmsg_into([bytearray(1)] * 1025),
                ]
                return told(steps)

        self.both(tell)

    def test_sizes_beyond_a_c_int_are_taken_or_told_in_the_same_words(self):
        largest = 2**63 - 1
        sizes = (0, 2**31 - 2, 2**31 - 1, 2**31, 2**62, largest - 33, largest - 32, largest, largest + 1, -1, -largest - 2)

        def tell(socket, _):
            with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as other:
                other.bind(("127.0.0.1", 0))
                one.connect(other.getsockname())
                other.settimeout(5)

                def after_sending(receive, *arguments):
                    one.send(b"hello")
                    try:
                        return receive(*arguments)[0]
                    except (ValueError, OverflowError, MemoryError):
                        other.recv(9)
                        raise

                memory = bytearray(4)
                receives = (other.recvmsg, other.recvfrom, lambda *given: (other.recv(*given), 0), lambda size: other.recvmsg(1, size))
                steps = [lambda r=receive, n=size: after_sending(r, n) for receive in receives for size in sizes]
                steps += [lambda n=size: other.recv_into(memory, n) for size in sizes[1:]]
                return told(steps)

        self.both(tell)

    def test_a_wrong_control_message_is_told_in_the_same_words(self):
        def tell(socket, _):
            one, other = self.pair(socket)
            wrong = [object(), (object(), 0, b"d"), (0, object(), b"d"), (0, 0, object()), (0, 0), (0, 0, b"d", 1), None, "abc", 7]
            with one, other:
                return told([lambda item=item: one.sendmsg([b"x"], [item]) for item in wrong])

        self.both(tell)

    def test_descriptors_travel_and_those_without_room_are_closed(self):
        def tell(socket, _):
            one, other = socket.socketpair()
            passed, kept = socket.socketpair()
            int_size = struct.calcsize("i")
            with one, other, passed, kept:
                said = [socket.send_fds(one, [b"x", b"y"], [passed.fileno(), kept.fileno()])]
                data, fds, flags, address = socket.recv_fds(other, 9, 2)
                came = [socket.socket(fileno=fd) for fd in fds]
                said += [data, len(fds), flags, address, [(one.family, one.type, one.proto) for one in came]]
                came[0].send(b"through")
                said += [came[1].recv(9)]
                for room in (0, socket.CMSG_LEN(0), socket.CMSG_LEN(int_size), socket.CMSG_SPACE(int_size), socket.CMSG_LEN(3 * int_size)):
                    socket.send_fds(one, [b"x"], [passed.fileno()] * 3)
                    data, control, flags, _ = other.recvmsg(9, room)
                    fds = [fd for _, _, rights in control for fd in struct.unpack(f"{len(rights) // int_size}i", rights)]
                    said += [(data, [(level, kind, len(rights)) for level, kind, rights in control], flags)]
                    for fd in fds:
                        socket.socket(fileno=fd).close()
                for made in came:
                    made.close()
                return said + told(
                    [
                        lambda: socket.send_fds(one, [b"x"], [987]),
                        lambda: socket.send_fds(one, [b"x"], [-1]),
                        lambda: socket.send_fds(one, [b"x"], [passed.fileno()] * 254),
                        lambda: one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, b"12")]),
                        lambda: other.recvmsg(9, 99, socket.MSG_CMSG_CLOEXEC),
                    ]
                )

        self.assertEqual(self.both(tell)[:3], [2, b"xy", 2])

    def test_other_control_messages_and_what_is_the_pages_are_refused_in_a_sentence(self):
        one, other = socket.socketpair()
        with one, other, select.epoll() as epoll:
            with self.assertRaisesRegex(wireside.NotAvailable, "credentials"):
                one.sendmsg([b"x"], [(socket.SOL_SOCKET, 2, b"")])
            with self.assertRaisesRegex(wireside.NotAvailable, "streams"):
                socket.send_fds(one, [b"x"], [1])
            epoll.register(1, select.EPOLLOUT)
            with self.assertRaisesRegex(wireside.NotAvailable, "standard input"):
                socket.send_fds(one, [b"x"], [epoll.fileno()])
