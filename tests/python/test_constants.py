"""Every constant of Linux's `socket` module, beside those of the CPython that runs this.

The table `web/py/_constants.py` is that of CPython 3.13, with the names that Debian's build has besides (Bluetooth's).
"""

import unittest

from test_socket import real_socket, socket, wireside

import _socket as ours
def theirs():
    """The numbers that this computer's CPython has."""
    module = real_socket._socket
    return {name: value for name in dir(module) if name[0].isupper() and type(value := getattr(module, name)) is int}


class Constants(unittest.TestCase):
    def test_every_one_that_this_cpython_has_is_there_with_its_value(self):
        wanted = theirs()
        for module in (socket, ours):
            self.assertEqual({name: getattr(module, name, None) for name in wanted}, wanted)
        self.assertGreater(len(wanted), 300)

    def test_they_are_the_members_of_sockets_own_enumerations(self):
        self.assertIs(socket.AF_PACKET, socket.AddressFamily(17))
        self.assertEqual(socket.MsgFlag(0x20 | 0x8), socket.MSG_TRUNC | socket.MSG_CTRUNC)
        self.assertEqual(socket.IPV6_JOIN_GROUP, 20)
        self.assertEqual(socket.BDADDR_ANY, "00:00:00:00:00:00")

    def test_a_family_that_is_not_here_is_refused_in_a_sentence_and_an_unknown_name_is_one(self):
        for family in (socket.AF_PACKET, socket.AF_NETLINK, socket.AF_BLUETOOTH, socket.AF_VSOCK, socket.AF_ALG):
            with self.assertRaisesRegex(wireside.NotAvailable, f"no sockets of address family {int(family)}"):
                socket.socket(family)
        self.assertFalse(socket.has_ipv6 or hasattr(socket, "AF_NOWHERE"))
        with self.assertRaises(AttributeError) as caught:
            socket.SO_REUSEADR  # noqa: B018
        self.assertEqual((caught.exception.name, caught.exception.obj), ("SO_REUSEADR", socket))

    def test_protocols_of_linux_that_are_not_here_are_refused_in_a_sentence(self):
        named = {"MPTCP": (1, "Multipath TCP"), "SCTP": (1, "SCTP"), "UDPLITE": (2, "UDP-Lite")}
        for name, (kind, called) in named.items():
            with self.assertRaisesRegex(wireside.NotAvailable, f"no {called}"):
                socket.socket(socket.AF_INET, kind, getattr(socket, f"IPPROTO_{name}"))
        with self.assertRaisesRegex(OSError, "Errno 93"):
            socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_GRE)

    def test_the_lengths_of_control_messages_are_those_of_a_machine_with_64_bits(self):
        most = 2**31 - 1
        for name in ("CMSG_LEN", "CMSG_SPACE"):
            told = []
            for module in (socket, real_socket):
                told.append([])
                for length in (0, 1, 8, 9, most - 25, most - 24, most - 23, most - 16, most - 15, 2**63, -1, "x"):
                    try:
                        told[-1].append(getattr(module, name)(length))
                    except (OverflowError, TypeError) as error:
                        told[-1].append((type(error), str(error)))
            self.assertEqual(*told)

    def test_interfaces_are_the_machines_own(self):
        told = []
        for module in (socket, real_socket):
            told.append([module.if_nameindex()])
            for call, argument in [
                *(("if_nametoindex", name) for name in ("lo", b"lo", "nosuch", "", 1, None, "a\0b")),
                *(("if_indextoname", number) for number in (1, 0, 999, -1, 2**64, "x")),
            ]:
                try:
                    told[-1].append(getattr(module, call)(argument))
                except (OSError, TypeError, ValueError, OverflowError) as error:
                    # What a wrong type is called differs between versions.
                    told[-1].append((type(error), None if isinstance(error, (TypeError, OverflowError)) else str(error)))
        self.assertEqual(*told)
        self.assertIn((1, "lo"), told[0][0])

    def test_a_machines_name_is_the_rooms(self):
        with self.assertRaisesRegex(wireside.NotAvailable, "name"):
            socket.sethostname("other")

if __name__ == "__main__":
    unittest.main()
