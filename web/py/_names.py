"""Names of machines, services and protocols: what getaddrinfo(3) and its relatives say."""

import operator
import os

from _builtin_socket import gaierror, herror

import _addresses
import _arguments
import _kernel
import _pane
import _services
import linux
import wireside
from _addresses import AF_UNSPEC
from _constants import AI_CANONNAME, AI_NUMERICHOST, AI_NUMERICSERV, AI_PASSIVE, EAI_ADDRFAMILY, EAI_FAMILY, EAI_NONAME, EAI_SERVICE
from _constants import EAI_SOCKTYPE, NI_DGRAM, NI_NAMEREQD, NI_NUMERICHOST, NI_NUMERICSERV
from _vocabulary import AF_INET, AF_INET6, KINDS


_MESSAGES = {
    EAI_NONAME: "Name or service not known",
    EAI_FAMILY: "ai_family not supported",
    EAI_SOCKTYPE: "ai_socktype not supported",
    EAI_SERVICE: "Servname not supported for ai_socktype",
    EAI_ADDRFAMILY: "Address family for hostname not supported",
}
# Type and protocol of what glibc answers with when nobody asked for one of them.
_KINDS = [*((one, protocol) for one, (_, protocol) in KINDS.items()), (3, 0)]
# Of the machine this program runs on; `runner` sets it.
hostname = "localhost"


def _fail(number):
    raise gaierror(number, _MESSAGES[number])


def gethostname():
    """The name of the machine this program runs on."""
    return hostname


def sethostname(name, /):
    """Not here: what a machine is called stands on the page, and all of its programs call it so."""
    raise wireside.NotAvailable("This lab's machines keep the name that they have in the room.")


def if_nameindex():
    """The machine's interfaces: the kernel's number and the name of each."""
    value, _ = _kernel.call("Interfaces", {})
    return [tuple(pair) for pair in value["Interfaces"]]


def if_nametoindex(name, /):
    """The number of an interface."""
    name = os.fsdecode(name)
    if "\0" in name:
        raise ValueError("embedded null byte")
    for number, known in if_nameindex():
        if known == name:
            return number
    raise OSError("no interface with this name")


def if_indextoname(index, /):
    """The name of an interface."""
    if not hasattr(index, "__index__"):
        raise TypeError("an integer is required")
    index = operator.index(index)
    if index < 0:
        raise OverflowError("can't convert negative value to unsigned int")
    if index >= 1 << 64:
        raise OverflowError("Python int too large to convert to C unsigned long")
    if index >= 1 << 32:
        raise OverflowError("index is too large")
    for number, known in if_nameindex():
        if number == index:
            return known
    raise linux.error(linux.ERRNO["ENXIO"][0])


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
    found = _services.port_of(text)
    if found is None:
        _fail(EAI_SERVICE)
    return found


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


def _names_of(address):
    """What a machine with this address is called: names, the first its own; none where nobody has it."""
    if address == "127.0.0.1":
        return ["localhost"]
    return next(([name, *aliases] for name, aliases, at in _pane.machines() if at == address), [])


def _is_outside(address):
    return not address.startswith(("127.", "10.0.0.", "0."))


def gethostbyaddr(*args):
    """The names of the machine that has an address, as its /etc/hosts has them: no call is made for it."""
    _only("gethostbyaddr", args)
    address = _address_of(_arguments.host_argument("gethostbyaddr", args[0]))
    names = _names_of(address)
    if names:
        return names[0], names[1:], [address]
    if _is_outside(address):
        raise wireside.NoReverseName(address)
    raise herror(1, "Unknown host")


def getnameinfo(*args):
    """An address in words; numbers where it has none."""
    _only("getnameinfo", args, 2, 2)
    address, flags = args[0], _arguments.integer(args[1])
    if not isinstance(address, tuple):
        raise TypeError("getnameinfo() argument 1 must be a tuple")
    host, port = _arguments.host_name(address[0]), _arguments.integer(address[1])
    found = _addresses.numeric(host)
    if not found:
        _fail(EAI_NONAME)
    names = [] if flags & NI_NUMERICHOST else _names_of(found[1])
    if not names and flags & NI_NAMEREQD:
        _fail(EAI_NONAME)
    service = None if flags & NI_NUMERICSERV else _services.service_at(port, "udp" if flags & NI_DGRAM else "tcp")
    return names[0] if names else found[1], service or str(port)


def getservbyname(name, protocol=None, /):
    """The port of a well-known service."""
    port = _services.port_of(name, protocol)
    if port is None:
        raise OSError("service/proto not found")
    return port


def getservbyport(port, protocol=None, /):
    """The well-known service of a port."""
    port = _arguments.integer(port)
    if not 0 <= port <= 0xFFFF:
        raise OverflowError("getservbyport: port must be 0-65535.")
    name = _services.service_at(port, protocol)
    if name is None:
        raise OSError("port/proto not found")
    return name


def getprotobyname(name, /):
    """The number of a protocol."""
    number = _services.protocol(name)
    if number is None:
        raise OSError("protocol not found")
    return number
