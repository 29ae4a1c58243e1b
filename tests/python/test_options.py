"""Socket options as ints and as bytes beside this computer's own: the same steps on both, and what they told."""

import struct
import unittest

from test_socket import _options, socket, wireside
from test_vectors import Beside, told

import _vocabulary

TIME = struct.Struct("ll")
PIECES = (
    *(b"", b"\1", b"\1\0\0", b"\1\0\0\0", b"\1\0\0\0\0\0\0", b"\1\0\0\0\2\0\0\0", b"\1\0\0\0\2\0\0\0z", bytes(16), bytes(2000)),
    *(b"reno", b"nosuch", b"reno\0xx", 0, 1, -1, 2**31, None, "x", 1.5),
)


def options():
    """The levels and numbers of all options that the lab has."""
    numbers = _vocabulary.OPTIONS.items()
    # Of its own kind each: the protocol has a time to linger where that is on, and TCP_INFO tells when something was.
    return [(level, number) for (level, number), (name, *_) in numbers if name not in ("SO_LINGER", "TCP_INFO")]


class Options(Beside):
    def test_each_is_set_and_read_with_every_length_as_the_kernel_does(self):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            for level, number in options():
                with self.subTest(kind=kind, level=level, number=number):

                    def tell(socket, _, kind=kind, level=level, number=number):
                        with socket.socket(type=kind) as one:
                            read = [lambda n=length: one.getsockopt(level, number, n) for length in (0, 1, 3, 4, 7, 8, 16)]
                            steps = [lambda: one.getsockopt(level, number, 1024)]
                            for piece in PIECES:
                                steps += [lambda p=piece: one.setsockopt(level, number, p), *read]
                            return told(steps)

                    self.both(tell)

    def test_a_struct_linger_is_a_struct(self):
        def tell(socket, _):
            pieces = (b"", b"\1\0\0\0", 1, *(struct.pack("ii", *pair) for pair in ((0, 0), (1, 0), (1, 7))), struct.pack("ii", 1, 7) + b"z")
            with socket.socket() as one:
                read = [lambda n=length: one.getsockopt(1, 13, n) for length in (0, 4, 7, 8, 16)]
                return told(step for p in pieces for step in (lambda p=p: one.setsockopt(1, 13, p), *read))

        self.both(tell)

    def test_no_bytes_are_no_bytes_whatever_their_length(self):
        numbers = ((1, 2), (1, 13), (1, 20), (6, 1), (6, 13), (0, 1), (0, 2))

        def tell(socket, _):
            with socket.socket() as one:
                lengths = (0, 1, 3, 4, 16, 1000, -1, 2**31)
                return told(lambda o=option, n=length: one.setsockopt(*o, None, n) for option in numbers for length in lengths)

        self.both(tell)

    def test_mistakes_are_told_in_the_same_words(self):
        def tell(socket, _):
            with socket.socket() as one:
                return told(
                    [
                        lambda: one.getsockopt(1, 2, -1),
                        lambda: one.getsockopt(1, 2, 1025),
                        lambda: one.setsockopt(1, 2, 1, 2),
                        lambda: one.setsockopt(1),
                        lambda: one.setsockopt("x", 2, 1),
                        one.close,
                        lambda: one.getsockopt(1, 2),
                        lambda: one.setsockopt(6, 13, b"reno"),
                    ]
                )

        self.both(tell)

    def test_tcp_info_is_the_kernels_struct(self):
        def tell(socket, _):
            one, other = self.pair(socket)
            with one, other:
                info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1024)
                state, options = info[0], info[5]
                (mss,) = struct.unpack_from("I", info, 16)
                return len(info), state, options, mss, len(one.getsockopt(6, 11, 104))

        self.assertEqual(self.both(tell)[1], 1)

    def test_a_receive_ends_when_the_sockets_own_time_is_over(self):
        def tell(socket, _):
            one, other = self.pair(socket)
            with one, other:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, TIME.pack(0, 20_000))
                steps = [lambda: one.recv(1), lambda: one.recvfrom(1), one.gettimeout, lambda: other.send(b"x"), lambda: one.recv(1)]
                return told(steps)

        self.assertEqual(self.both(tell)[0], ("BlockingIOError", 11))

    def test_a_struct_of_two_longs_of_32_bits_is_the_same_time(self):
        longs = struct.pack("<ii", 2, 500_000)
        _options._LONG, before = 4, _options._LONG
        self.addCleanup(setattr, _options, "_LONG", before)
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, longs)
            read = [one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, length) for length in (0, 8, 16)]
        self.assertEqual(read, [2, longs, struct.pack("<qq", 2, 500_000)])

    def test_what_would_reach_beyond_the_machine_is_refused_by_name(self):
        names = ("SO_BINDTODEVICE", "SO_MARK", "SO_PEERCRED", "SO_PASSCRED", "IP_TRANSPARENT", "IP_HDRINCL", "IP_OPTIONS", "SO_RCVLOWAT")
        names += ("TCP_FASTOPEN", "IPV6_JOIN_GROUP")
        for name in names:
            level = {"SO": socket.SOL_SOCKET, "IP": 0, "IPV6": 41, "TCP": 6}[name.partition("_")[0]]
            with socket.socket() as one, self.assertRaisesRegex(wireside.NotAvailable, f"socket option {name}: Linux has it"):
                one.setsockopt(level, getattr(socket, name), 1)


if __name__ == "__main__":
    unittest.main()
