"""CPython's `_socket` on the sockets of a machine in the room. CPython's own `socket.py` sits on top, unmodified.

Each method is one system call, but for `sendall`, names that are resolved first, and data of more than 1 MiB.
"""

import os
import warnings

from _builtin_socket import gaierror, herror, htonl, htons, ntohl, ntohs  # noqa: F401

import _addresses
import _arguments
import _constants
import _descriptors
import _endings
import _kernel
import _names
import _options
import _unix
import _vectors
import linux
import wireside
from _addresses import AF_INET, AF_INET6, AF_UNIX
from _arguments import integer, none, one, some
from _names import getaddrinfo, gethostbyaddr, gethostbyname, gethostbyname_ex, gethostname, getnameinfo  # noqa: F401
from _names import if_indextoname, if_nameindex, if_nametoindex  # noqa: F401
from _names import getprotobyname, getservbyname, getservbyport, sethostname  # noqa: F401
from _constants import IPPROTO_ICMP, MSG_TRUNC
from _constants import SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET
from _text_form import inet_aton, inet_ntoa, inet_ntop, inet_pton  # noqa: F401
from _vectors import CMSG_LEN, CMSG_SPACE  # noqa: F401
from _vocabulary import HOW as _HOW
from _vocabulary import KINDS as _KINDS
from _vocabulary import POLLOUT as _POLLOUT
from _vocabulary import IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, MSG_NOSIGNAL, SOL_SOCKET  # noqa: F401
from _vocabulary import SHUT_RD, SHUT_RDWR, SHUT_WR, SOCK_DGRAM, SOCK_STREAM  # noqa: F401

_NUMBERS = {name: value for name, value in vars(_constants).items() if not name.startswith("_")}
globals().update(_NUMBERS, **_options.CONSTANTS)

error = OSError
timeout = TimeoutError

# The machines of a room have none, not even on their loopback.
has_ipv6 = False

_EAGAIN, _ECONNRESET, _ENOTSOCK = (linux.ERRNO[name][0] for name in ("EAGAIN", "ECONNRESET", "ENOTSOCK"))

_LONGEST_DATAGRAM = 65535
_NO_RAW = (
    "This lab has no raw sockets (SOCK_RAW), and none for ICMP: it has SOCK_STREAM (TCP) and SOCK_DGRAM (UDP). "
    '"By hand" has ping(), and every packet is on the wire to be read.'
)
# Protocols of streams and datagrams that a Linux may have beside them, by their numbers.
_LINUX_HAS = {33: "DCCP", 115: "L2TP", 132: "SCTP", 136: "UDP-Lite", 256: "SMC", 262: "Multipath TCP"}

_default_timeout = None


def getdefaulttimeout():
    """The timeout of new sockets."""
    return _default_timeout


def setdefaulttimeout(timeout, /):
    """Sets the timeout of new sockets."""
    global _default_timeout
    _default_timeout = _arguments.seconds(timeout)


def close(fd, /):
    """Closes a descriptor."""
    _close(integer(fd))


def _close(fd):
    try:
        _kernel.close(fd)
    except OSError as problem:
        if problem.errno != _ECONNRESET:
            raise


def dup(fd, /):
    """dup(2): one more descriptor of the same open socket."""
    return _kernel.dup(integer(fd))


def socketpair(family=AF_UNIX, type=SOCK_STREAM, proto=0, /):
    """socketpair(2): two sockets that are connected to each other."""
    family, kind, proto = integer(family), _arguments.integer(type), integer(proto)
    waits = _default_timeout if not kind & SOCK_NONBLOCK else 0.0
    kind &= ~(SOCK_NONBLOCK | SOCK_CLOEXEC)
    both = []
    for fd in _kernel.pair(**_asked(family, kind, proto), traits=(family, kind, proto)):
        both.append(socket(family, kind, proto, fd))
        both[-1].settimeout(waits)
    return tuple(both)


def _asked(family, kind, proto):
    """A socket that is wanted, in the protocol's own form."""
    called = _addresses.family_name(family)
    if kind not in _KINDS:
        if kind == SOCK_RAW:
            raise wireside.NotAvailable(_NO_RAW)
        if kind in (SOCK_RDM, SOCK_SEQPACKET):
            raise wireside.NotAvailable("This lab has SOCK_STREAM (TCP) and SOCK_DGRAM (UDP) sockets, no others.")
        raise linux.error(22)
    name, protocol = _KINDS[kind]
    if proto == IPPROTO_ICMP and family != AF_UNIX:
        raise wireside.NotAvailable(_NO_RAW)
    if proto in _LINUX_HAS and family != AF_UNIX:
        raise wireside.NotAvailable(f"This lab has TCP and UDP, and no {_LINUX_HAS[proto]}. The kernel was not asked.")
    if proto not in (0, AF_UNIX if family == AF_UNIX else protocol):
        raise linux.error(93)
    return {"family": called, "kind": name}


class socket(_vectors.Vectors):
    """A socket of this program, by its descriptor."""

    __slots__ = ("_fd", "_family", "_type", "_proto", "_timeout")

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        self._fd = -1
        family, kind, proto = integer(family), integer(type), integer(proto)
        self._timeout = _default_timeout
        if kind != -1 and kind & SOCK_NONBLOCK:
            self._timeout = 0.0
        kind = kind if kind == -1 else kind & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)
        if fileno is None:
            self._family = AF_INET if family == -1 else family
            self._type = SOCK_STREAM if kind == -1 else kind
            self._proto = 0 if proto == -1 else proto
            self._fd = self._open()
        else:
            self._adopt(integer(fileno), family, kind, proto)
        if self._timeout is not None:
            self._wait_or_not()

    def _open(self):
        value, _ = _kernel.call("Socket", _asked(self._family, self._type, self._proto))
        fd = value["Descriptor"]
        _kernel.made[fd] = self._family, self._type, self._proto
        return fd

    def _adopt(self, fd, family, kind, proto):
        if fd < 0:
            raise ValueError("negative file descriptor")
        known = _kernel.made.get(fd) or _traits(fd)
        self._fd = fd
        self._family = known[0] if family == -1 else family
        self._type = known[1] if kind == -1 else kind
        # The kernel says the protocol it has, not the 0 that was asked for.
        own = 0 if known[0] == AF_UNIX or known[1] not in _KINDS else _KINDS[known[1]][1]
        self._proto = own if proto == -1 else proto

    family = property(lambda self: self._family, doc="the socket family")
    type = property(lambda self: self._type, doc="the socket type")
    proto = property(lambda self: self._proto, doc="the socket protocol")
    timeout = property(lambda self: self._timeout, doc="the socket timeout")

    def __repr__(self):
        return f"<socket object, fd={self._fd}, family={self._family}, type={self._type}, proto={self._proto}>"

    def __del__(self):
        # As CPython does when the last reference is gone.
        fd = getattr(self, "_fd", -1)
        if fd != -1:
            if _endings.are_told():
                warnings.warn(f"unclosed {self!r}", ResourceWarning, stacklevel=2, source=self)
            self._fd = -1
            try:
                _kernel.close(fd)
            except OSError:
                pass

    def _call(self, name, fields, wait=None, payload=None):
        """A call on this socket, which waits as its timeout says."""
        wait = _kernel.wait_of(_kernel.limit(self._fd, self._timeout)) if wait is None else wait
        return _kernel.call(name, {"fd": self._fd, **fields}, wait, payload)

    @none
    def _accept(self):
        value, _ = self._call("Accept", {})
        accepted = value["Accepted"]
        _kernel.made[accepted["fd"]] = self._family, self._type, self._proto
        return accepted["fd"], _addresses.tuple_of(accepted["peer"])

    @one
    def bind(self, address):
        """bind(2). An empty host is every address of the machine."""
        address = _addresses.text_of("bind", self._family, address)
        if self._family == AF_UNIX:
            _unix.before_bind(address)
        self._call("Bind", {"address": address})

    @some(0, 1)
    def listen(self, backlog=128):
        """listen(2)."""
        self._call("Listen", {"backlog": max(integer(backlog), 0)})

    @one
    def connect(self, address):
        """connect(2). A name is resolved first, visibly."""
        self._connect("connect", address)

    @one
    def connect_ex(self, address):
        """connect(2), with the errno as its result."""
        try:
            self._connect("connect_ex", address)
        except (gaierror, wireside.LabError):
            raise
        except OSError as problem:
            # Time that runs out has no errno; CPython says EWOULDBLOCK.
            return _EAGAIN if problem.errno is None else problem.errno
        return 0

    def _connect(self, call, address):
        address = _addresses.text_of(call, self._family, address)
        if self._family != AF_UNIX:
            self._call("Connect", {"address": address})
            return
        try:
            # It is connected at once, or has to wait for a place in a queue; CPython does not wait with a timeout either.
            self._call("Connect", {"address": address}, None if self._timeout is None else _kernel.NO)
        except FileNotFoundError:
            _unix.refuse_file(address)
            raise

    @some(1, 2)
    def send(self, data, flags=0):
        """send(2): how many bytes the kernel took."""
        return self._send(_arguments.readable(data), _options.flags(flags))

    def _send(self, view, flags):
        sent = 0
        while True:
            piece = view[sent : sent + _kernel.PAYLOAD]
            try:
                count = self._send_some("Send", piece, {"flags": flags})
            except OSError:
                if sent:
                    return sent
                raise
            sent += count
            if sent >= len(view) or count < len(piece):
                return sent

    def _send_some(self, name, piece, fields):
        """One send. With a timeout, as CPython: wait until it can be written, then do not wait any more."""
        fields = {**fields, "length": len(piece)}
        timed = bool(self._timeout)
        while True:
            try:
                value, _ = self._call(name, fields, _kernel.NO if timed else None, bytes(piece))
                return value["Sent"]
            except _kernel.Failure as failure:
                return failure.taken
            except BlockingIOError:
                if not timed:
                    raise
            except FileNotFoundError:
                _unix.refuse_file(fields["address"])
                raise
            self._wait_for(_POLLOUT)

    def _wait_for(self, events):
        value, _ = _kernel.call("Poll", {"fds": [[self._fd, events]]}, _kernel.wait_of(self._timeout))
        if not value["Ready"]:
            raise TimeoutError("timed out")

    @some(1, 2)
    def sendall(self, data, flags=0):
        """send(2) until everything is taken; the timeout is for all of it."""
        view, flags = _arguments.readable(data), _options.flags(flags)
        deadline = _kernel.Deadline(_kernel.limit(self._fd, self._timeout))
        sent = 0
        while True:
            piece = view[sent : sent + _kernel.PAYLOAD]
            try:
                value, _ = self._call("Send", {"flags": flags, "length": len(piece)}, deadline.wait(), bytes(piece))
                sent += value["Sent"]
            except _kernel.Failure as failure:
                if not failure.interrupted:
                    raise failure.error from None
                sent += failure.taken
            if sent >= len(view):
                return

    @some(2, 3, text="2 or 3 arguments")
    def sendto(self, data, *rest):
        """sendto(2): a datagram to an address."""
        view = _arguments.readable(data)
        flags = _options.flags(rest[0]) if len(rest) == 2 else 0
        address = _addresses.text_of("sendto", self._family, rest[-1])
        return self._send_some("SendTo", view, {"flags": flags, "address": address})

    def _receive(self, name, size, flags, call="Recv"):
        size = _arguments.new_bytes(size, f"negative buffersize in {name}")
        return self._call(call, {"flags": _options.flags(flags), "max": min(size, _kernel.PAYLOAD)})

    def _receive_whole(self, name, size, flags, call="Recv"):
        """The same, but a datagram comes whole where its true length is asked for (MSG_TRUNC): nothing else tells it."""
        size, flags = _arguments.size(size), integer(flags)
        if flags & MSG_TRUNC and size >= 0:
            flags &= ~MSG_TRUNC
            if self._type == SOCK_DGRAM:
                size = max(size, _LONGEST_DATAGRAM)
        return self._receive(name, size, flags, call)

    @some(1, 2)
    def recv(self, bufsize, flags=0):
        """recv(2): at most so many bytes; none at the end."""
        return self._receive_whole("recv", bufsize, flags)[1]

    @some(1, 2)
    def recvfrom(self, bufsize, flags=0):
        """recvfrom(2)."""
        return self._receive_from("recvfrom", bufsize, flags)

    def _receive_from(self, name, size, flags):
        value, data = self._receive_whole(name, size, flags, "RecvFrom")
        sender = value["ReceivedFrom"]["from"]
        return data, _addresses.tuple_of(sender) if sender else None

    @some(1, 3, keywords=True)
    def recv_into(self, buffer, nbytes=0, flags=0):
        """recv(2) into memory of the program: how many bytes came."""
        view, size = self._room("recv_into", buffer, nbytes)
        _, data = self._receive_whole("recv_into", size, flags)
        view[: min(size, len(data))] = data[:size]
        return len(data)

    @some(1, 3, keywords=True)
    def recvfrom_into(self, buffer, nbytes=0, flags=0):
        """recvfrom(2) into memory of the program."""
        view, size = self._room("recvfrom_into", buffer, nbytes)
        data, sender = self._receive_from("recvfrom_into", size, flags)
        view[: min(size, len(data))] = data[:size]
        return len(data), sender

    @staticmethod
    def _room(name, buffer, nbytes):
        view = _arguments.writable(buffer, name)
        size = _arguments.size(nbytes)
        if size < 0:
            raise ValueError(f"negative buffersize in {name}")
        if size > len(view):
            raise ValueError("buffer too small for requested bytes")
        return view, size or len(view)

    @one
    def shutdown(self, how):
        """shutdown(2)."""
        how = integer(how)
        if how not in _HOW:
            raise linux.error(22)
        self._call("Shutdown", {"how": _HOW[how]})

    @none
    def close(self):
        """close(2)."""
        fd, self._fd = self._fd, -1
        if fd != -1:
            _close(fd)

    @none
    def detach(self):
        """Gives the descriptor away."""
        fd, self._fd = self._fd, -1
        return fd

    @none
    def fileno(self):
        """The descriptor, -1 when it is closed."""
        return self._fd

    @none
    def getsockname(self):
        """getsockname(2)."""
        value, _ = self._call("GetSockName", {})
        return _addresses.tuple_of(value["Address"])

    @none
    def getpeername(self):
        """getpeername(2)."""
        value, _ = self._call("GetPeerName", {})
        return _addresses.tuple_of(value["Address"])

    @some(3, 4, text="exactly 3 arguments")
    def setsockopt(self, level, option, value, *length):
        """setsockopt(2): an int, bytes, or None and a length, for which no bytes are there."""
        if length and value is not None:
            raise TypeError("setsockopt() takes exactly 3 arguments (4 given)")
        name, value = _options.setting(level, option, value, *length)
        self._call("SetSockOpt", {"name": name, "value": value})

    @some(2, 3)
    def getsockopt(self, level, option, buflen=0):
        """getsockopt(2): an int, or so many bytes."""
        length = integer(buflen)
        if not 0 <= length <= 1024:
            raise OSError("getsockopt buflen out of range")
        value, _ = self._call("GetSockOpt", {"name": _options.name_of(level, option)})
        return _options.plain(value["Option"], length, level, option)

    @one
    def settimeout(self, timeout):
        """How long later calls may wait: seconds, 0 for not at all, None for ever. No system call here."""
        self._timeout = _arguments.seconds(timeout)
        self._wait_or_not()

    def _wait_or_not(self):
        """O_NONBLOCK as CPython sets it: a call with a timeout waits for readiness, and then does not wait."""
        if self._fd != -1:
            _kernel.opened(self._fd).nonblocking = self._timeout is not None

    @none
    def gettimeout(self):
        """What settimeout set."""
        return self._timeout

    @one
    def setblocking(self, flag):
        """settimeout(None) or settimeout(0)."""
        self._timeout = None if flag else 0.0
        self._wait_or_not()

    @none
    def getblocking(self):
        """Whether calls may wait."""
        return self._timeout != 0


def _traits(fd):
    """Family, type and protocol of a descriptor that this program did not make as a socket."""
    if not _descriptors.is_socket(fd):
        os.fstat(fd)
        raise linux.error(_ENOTSOCK)
    value, _ = _kernel.call("GetSockName", {"fd": fd})
    address = value["Address"]
    family = AF_UNIX if address.startswith("unix:") else AF_INET6 if address.startswith("[") else AF_INET
    value, _ = _kernel.call("GetSockOpt", {"fd": fd, "name": "Type"})
    return family, _options.plain(value["Option"], 0), 0


SocketType = socket

# What `socket` takes over: CPython's own names, and none of ours.
_FUNCTIONS = (
    "close", "dup", "error", "gaierror", "getaddrinfo", "getdefaulttimeout", "gethostbyaddr", "gethostbyname", "gethostbyname_ex",
    "gethostname", "getnameinfo", "getprotobyname", "getservbyname", "getservbyport", "has_ipv6", "herror", "htonl", "htons", "if_indextoname", "if_nameindex", "if_nametoindex",
    "inet_aton", "inet_ntoa", "inet_ntop", "inet_pton", "ntohl", "ntohs", "setdefaulttimeout", "sethostname", "socket", "socketpair", "timeout",
    "SocketType",
)  # fmt: skip
__all__ = [*_FUNCTIONS, *(name for name in tuple(globals()) if name.isupper() and not name.startswith("_")), "AF_DECnet"]
