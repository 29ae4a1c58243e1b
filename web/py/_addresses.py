"""Addresses: Python's tuples, the protocol's text, and names, which are resolved first and visibly."""

import re
from _builtin_socket import gaierror

import _arguments
import _kernel
import _unix
import linux
import wireside
from _text_form import inet_aton, inet_ntoa, inet_ntop, inet_pton
from _constants import AF_UNSPEC  # noqa: F401
from _vocabulary import AF_INET, AF_INET6, AF_UNIX, FAMILIES

# Families that Linux has and this lab has not: AF_NETLINK, AF_PACKET, ...
_OTHERS = frozenset(range(1, 46)) - FAMILIES.keys()


def family_name(family):
    """A family as the protocol calls it."""
    if family in FAMILIES:
        return FAMILIES[family]
    if family in _OTHERS:
        raise wireside.NotAvailable(f"This lab has no sockets of address family {family}, only AF_INET and AF_UNIX.")
    raise linux.error(97)


def numeric(host):
    """The family and the usual form of a numeric address, or None."""
    for family in (AF_INET, AF_INET6):
        try:
            return family, inet_ntop(family, inet_pton(family, host))
        except (OSError, ValueError):
            pass
    if host and host[0].isdigit():
        try:
            # Old forms such as "127.1" and "2130706433".
            return AF_INET, inet_ntoa(inet_aton(host))
        except OSError:
            pass
    return None


# As the DNS has them (RFC 1123), with the underscores that people use.
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


def _can_exist(name):
    """Whether there can be such a name anywhere: no machine of a room and no host outside is called "256.1.1.1"."""
    labels = name.removesuffix(".").split(".")
    return len(name) <= 254 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def resolve(name, family, port):
    """The addresses of a name, in order."""
    if not _can_exist(name):
        raise gaierror(-2, "Name or service not known")
    try:
        return _resolve(name, family, port)
    except wireside.NamePolicyError:
        if "." in name.removesuffix("."):
            raise
    # A name without a dot is a machine's of this room, or nobody's: no rule would ask for it outside.
    raise gaierror(-2, "Name or service not known")


def _resolve(name, family, port):
    wanted = FAMILIES.get(family)
    value, _ = _kernel.call("Resolve", {"name": name, "family": wanted, "port": port})
    return value["Addresses"]["addresses"]


def text_of(call, family, address):
    """The protocol's text for an address tuple, or a name of AF_UNIX, as `getsockaddrarg` checks it."""
    if family == AF_UNIX:
        return _unix.text_of(address)
    host, port = _parts(call, family, address)
    host = _numeric_host(host, family, port)
    return f"[{host}]:{port}" if family == AF_INET6 else f"{host}:{port}"


def tuple_of(text):
    """Python's tuple from the protocol's text, or its name of AF_UNIX."""
    if text.startswith("unix:"):
        return _unix.name_of(text)
    host, _, port = text.rpartition(":")
    if host.startswith("["):
        return host[1:-1], int(port), 0, 0
    return host, int(port)


def _parts(call, family, address):
    called = "AF_INET6" if family == AF_INET6 else "AF_INET"
    if not isinstance(address, tuple):
        raise TypeError(f"{call}(): {called} address must be tuple, not {type(address).__name__}")
    most = 4 if family == AF_INET6 else 2
    if not 2 <= len(address) <= most:
        shape = "a tuple (host, port[, flowinfo[, scopeid]])" if family == AF_INET6 else "a pair (host, port)"
        raise TypeError(f"{called} address must be {shape}")
    host = _arguments.host_name(address[0])
    port = _arguments.integer(address[1])
    if not 0 <= port <= 0xFFFF:
        raise OverflowError(f"{call}(): port must be 0-65535.")
    if len(address) > 2 and not 0 <= _arguments.integer(address[2]) <= 0xFFFFF:
        raise OverflowError(f"{call}(): flowinfo must be 0-1048575.")
    return host, port


def _numeric_host(host, family, port):
    if host == "":
        return "::" if family == AF_INET6 else "0.0.0.0"
    if host in ("<broadcast>", "255.255.255.255"):
        if family != AF_INET:
            raise OSError("address family mismatched")
        return "255.255.255.255"
    found = numeric(host)
    if found is None:
        return resolve(host, family, port)[0]
    if found[0] != family:
        raise gaierror(-9, "Address family for hostname not supported")
    return found[1]
