"""Names of machines, services and protocols, without a call: what stands in the files of /etc."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import fake_pane  # noqa: E402

sys.modules.setdefault("_pane", fake_pane)
sys.path.append(str(fake_pane.LIBRARY))
import _services  # noqa: E402


class Services(unittest.TestCase):
    def test_by_name_other_name_and_port(self):
        self.assertEqual(_services.port_of("http"), 80)
        self.assertEqual(_services.port_of("www", "tcp"), 80)
        self.assertEqual(_services.port_of("imap"), 143)
        self.assertIsNone(_services.port_of("http", "udp"))
        self.assertIsNone(_services.port_of("no-such"))
        self.assertEqual(_services.service_at(53, "udp"), "domain")
        self.assertEqual(_services.service_at(22), "ssh")
        self.assertIsNone(_services.service_at(69, "tcp"))

    def test_protocols_by_both_names(self):
        self.assertEqual([_services.protocol(name) for name in ("tcp", "TCP", "icmp", "igmp", "esp", "sctp")], [6, 6, 1, 2, 50, 132])
        self.assertIsNone(_services.protocol("Tcp"))

    def test_the_files_have_all_of_it(self):
        for line in _services.services_file().splitlines():
            name, where, *others = line.split()
            port, _, transport = where.partition("/")
            self.assertEqual(_services.port_of(name, transport), int(port), line)
        self.assertIn("http\t\t80/tcp\t\twww\n", _services.services_file())
        self.assertTrue(_services.protocols_file().startswith("ip\t0\tIP\n"))


if __name__ == "__main__":
    unittest.main()
