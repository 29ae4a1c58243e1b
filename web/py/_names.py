"""Names of machines, services and protocols: what getaddrinfo(3) and its relatives say."""

from _builtin_socket import gaierror

import _addresses
import _arguments
from _addresses import AF_UNSPEC
from _vocabulary import AF_INET, AF_INET6, KINDS

AI_PASSIVE, AI_CANONNAME, AI_NUMERICHOST, AI_V4MAPPED, AI_ALL, AI_ADDRCONFIG, AI_NUMERICSERV = 1, 2, 4, 8, 16, 32, 1024
EAI_BADFLAGS, EAI_NONAME, EAI_AGAIN, EAI_FAIL, EAI_NODATA = -1, -2, -3, -4, -5
EAI_FAMILY, EAI_SOCKTYPE, EAI_SERVICE, EAI_ADDRFAMILY, EAI_MEMORY, EAI_SYSTEM, EAI_OVERFLOW = -6, -7, -8, -9, -10, -11, -12
NI_NUMERICHOST, NI_NUMERICSERV, NI_NOFQDN, NI_NAMEREQD, NI_DGRAM = 1, 2, 4, 8, 16

_MESSAGES = {
    EAI_NONAME: "Name or service not known",
    EAI_FAMILY: "ai_family not supported",
    EAI_SOCKTYPE: "ai_socktype not supported",
    EAI_SERVICE: "Servname not supported for ai_socktype",
    EAI_ADDRFAMILY: "Address family for hostname not supported",
}
# Type and protocol of what glibc answers with when nobody asked for one of them.
_KINDS = [*((one, protocol) for one, (_, protocol) in KINDS.items()), (3, 0)]
_PROTOCOLS = {"ip": 0, "icmp": 1, "tcp": 6, "udp": 17, "ipv6": 41, "ipv6-icmp": 58}
# The part of /etc/services that a lesson may meet.
_SERVICES = {
    "echo": 7, "discard": 9, "daytime": 13, "qotd": 17, "chargen": 19, "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23,
    "smtp": 25, "time": 37, "domain": 53, "tftp": 69, "gopher": 70, "finger": 79, "http": 80, "pop3": 110, "nntp": 119,
    "ntp": 123, "imap2": 143, "snmp": 161, "irc": 194, "ldap": 389, "https": 443, "submission": 587, "imaps": 993,
    "pop3s": 995, "mysql": 3306, "postgresql": 5432, "http-alt": 8080,
}  # fmt: skip

# Of the machine this program runs on; `runner` sets it.
hostname = "localhost"


def _fail(number):
    raise gaierror(number, _MESSAGES[number])


def gethostname():
    """The name of the machine this program runs on."""
    return hostname


def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    """Addresses to connect or bind to, as CPython lists them."""
    if host is not None and not isinstance(host, (str, bytes, bytearray)):
        raise TypeError("getaddrinfo() argument 1 must be string or None")
    host = None if host is None else _arguments.host_name(host)
    family, kind, proto, flags = (_arguments.integer(value) for value in (family, type, proto, flags))
    number = _service(port, flags)
    if host in (None, "") and port is None or host == "":
        _fail(EAI_NONAME)
    if family not in (AF_UNSPEC, AF_INET, AF_INET6):
        _fail(EAI_FAMILY)
    kinds = [(one, own) for one, own in _KINDS if kind in (0, one) and (proto in (0, own) or kind == one == 3)]
    if not kinds:
        _fail(EAI_SOCKTYPE)
    canonical = host if flags & AI_CANONNAME and host else ""
    found = _hosts(host, number, family, flags)
    answer = []
    for address in found:
        v6 = ":" in address
        where = (address, number, 0, 0) if v6 else (address, number)
        for one, protocol in kinds:
            answer.append((AF_INET6 if v6 else AF_INET, one, protocol or proto, canonical, where))
            canonical = ""
    return answer


def _service(port, flags):
    if port is None:
        return 0
    if isinstance(port, int):
        text = str(port)
    elif isinstance(port, (str, bytes)):
        text = port if isinstance(port, str) else port.decode("latin-1")
    else:
        raise OSError("Int or String expected")
    if text.strip().isdigit():
        # glibc takes larger numbers too, and their lower 16 bits.
        return int(text) & 0xFFFF
    if flags & AI_NUMERICSERV:
        _fail(EAI_NONAME)
    if text not in _SERVICES:
        _fail(EAI_SERVICE)
    return _SERVICES[text]


def _hosts(host, port, family, flags):
    if host is None:
        both = ("::", "0.0.0.0") if flags & AI_PASSIVE else ("::1", "127.0.0.1")
        return [one for one in both if family in (AF_UNSPEC, AF_INET6 if ":" in one else AF_INET)]
    found = _addresses.numeric(host)
    if found:
        if family not in (AF_UNSPEC, found[0]):
            _fail(EAI_ADDRFAMILY)
        return [found[1]]
    if flags & AI_NUMERICHOST:
        _fail(EAI_NONAME)
    return _addresses.resolve(host, family, port)


def _only(name, args, most=1, least=1):
    if not least <= len(args) <= most:
        raise TypeError(f"{name}() takes exactly {most} argument{'' if most == 1 else 's'} ({len(args)} given)")


def _address_of(host):
    if host == "":
        return "0.0.0.0"
    found = _addresses.numeric(host)
    if found and found[0] == AF_INET6:
        _fail(EAI_ADDRFAMILY)
    return found[1] if found else _addresses.resolve(host, AF_INET, 0)[0]


def gethostbyname(*args):
    """The first IPv4 address of a name."""
    _only("gethostbyname", args)
    return _address_of(_arguments.host_argument("gethostbyname", args[0]))


def gethostbyname_ex(*args):
    """A name, its aliases and its IPv4 addresses."""
    _only("gethostbyname_ex", args)
    host = _arguments.host_argument("gethostbyname_ex", args[0])
    found = _addresses.numeric(host)
    return host, [], [found[1]] if found else _addresses.resolve(host, AF_INET, 0)


def gethostbyaddr(*args):
    """The room answers no reverse look-ups: the address stands for its own name."""
    _only("gethostbyaddr", args)
    host = _arguments.host_argument("gethostbyaddr", args[0])
    address = _address_of(host)
    return host, [], [address]


def getnameinfo(*args):
    """An address in words. The room answers no reverse look-ups, so it stays a number."""
    _only("getnameinfo", args, 2, 2)
    address, flags = args
    if not isinstance(address, tuple):
        raise TypeError("getnameinfo() argument 1 must be a tuple")
    host, port = _arguments.host_name(address[0]), _arguments.integer(address[1])
    found = _addresses.numeric(host)
    if not found or flags & NI_NAMEREQD:
        _fail(EAI_NONAME)
    service = None if flags & NI_NUMERICSERV else next((name for name, one in _SERVICES.items() if one == port), None)
    return found[1], service or str(port)


def getservbyname(name, protocol=None, /):
    """The port of a well-known service."""
    if name not in _SERVICES or protocol not in (None, "tcp", "udp"):
        raise OSError("service/proto not found")
    return _SERVICES[name]


def getservbyport(port, protocol=None, /):
    """The well-known service of a port."""
    port = _arguments.integer(port)
    if not 0 <= port <= 0xFFFF:
        raise OverflowError("getservbyport: port must be 0-65535.")
    for name, number in _SERVICES.items():
        if number == port and protocol in (None, "tcp", "udp"):
            return name
    raise OSError("port/proto not found")


def getprotobyname(name, /):
    """The number of a protocol."""
    if name not in _PROTOCOLS:
        raise OSError("protocol not found")
    return _PROTOCOLS[name]
