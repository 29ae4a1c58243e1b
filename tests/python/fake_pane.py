"""A machine for `web/py` without a page: the worker's bridge, answered by this computer's own sockets.

Run as a program it runs a script as the page does: `python3 fake_pane.py script.py`. So a script's output here and
under plain CPython can be compared, word for word.
"""

import array
import json
import os
import pathlib
import re
import select
import socket
import struct
import sys

LIBRARY = pathlib.Path(__file__).resolve().parents[2] / "web" / "py"
FAMILIES = {"Inet": socket.AF_INET, "Inet6": socket.AF_INET6, "Unix": socket.AF_UNIX}
KINDS = {"Stream": socket.SOCK_STREAM, "Datagram": socket.SOCK_DGRAM}
HOW = {"Read": socket.SHUT_RD, "Write": socket.SHUT_WR, "Both": socket.SHUT_RDWR}
FLAGS = {1: socket.MSG_PEEK, 2: socket.MSG_DONTWAIT, 4: socket.MSG_WAITALL, 8: socket.MSG_OOB, 16: socket.MSG_MORE}

# Of each real epoll, the numbers of the program by the real ones.
watched = {}
# What `_pane` is asked in a test: its sockets, every request, the lines that made them, and answers put here to be given first.
table = {}
requests = []
made_on = []
answers = []
lines = []
interrupts = []
# What comes at a prompt (`line`, `ask`, `signal`, each with its content), and what it has answered.
typed = []
answered = []


class Kernel:
    """Each call of the protocol, done for real."""

    def Socket(self, family, kind):
        return {"Descriptor": keep(socket.socket(FAMILIES[family], KINDS[kind]))}

    def SocketPair(self, family, kind):
        return {"Pair": [keep(made) for made in socket.socketpair(FAMILIES[family], KINDS[kind])]}

    def Dup(self, fd):
        one = table[fd]
        copy = select.epoll.fromfd(os.dup(one.fileno())) if isinstance(one, select.epoll) else one.dup()
        if one in watched:
            watched[copy] = watched[one]
        return {"Descriptor": keep(copy)}

    def EpollCreate(self):
        made = select.epoll()
        watched[made] = {}
        return {"Descriptor": keep(made)}

    def EpollCtl(self, fd, operation, target, events):
        if target not in table:
            raise OSError(9, "Bad file descriptor")
        epoll, number = as_epoll(fd), table[target].fileno()
        if operation == "Delete":
            epoll.unregister(number)
        elif operation == "Add":
            epoll.register(number, events)
            watched[table[fd]][number] = target
        else:
            epoll.modify(number, events)
        return "Done"

    def EpollWait(self, fd, max, wait):
        told = as_epoll(fd).poll(None if wait == "Forever" else 0 if wait == "No" else wait["Millis"] / 1000, max)
        return {"Events": [[watched[table[fd]][number], events] for number, events in told]}

    def Interfaces(self):
        return {"Interfaces": socket.if_nameindex()}

    def Stat(self, address):
        os.stat(numbers(address))
        return "Done"

    def Unlink(self, address):
        os.unlink(numbers(address))
        return "Done"

    def Bind(self, fd, address):
        table[fd].bind(numbers(address))
        return "Done"

    def Listen(self, fd, backlog):
        table[fd].listen(backlog)
        return "Done"

    def Accept(self, fd):
        made, peer = table[fd].accept()
        return {"Accepted": {"fd": keep(made), "peer": text(peer)}}

    def Connect(self, fd, address):
        if address.startswith("192.168."):
            raise Refused({"class": "policy", "rule": "private_addresses", "value": address})
        table[fd].connect(numbers(address))
        return "Done"

    def Send(self, fd, flags, length, payload):
        return {"Sent": table[fd].send(payload, bits(flags))}

    def SendTo(self, fd, flags, address, length, payload):
        return {"Sent": table[fd].sendto(payload, bits(flags), numbers(address))}

    def Recv(self, fd, flags, max):
        return {"Received": {}}, table[fd].recv(max, bits(flags))

    def RecvFrom(self, fd, flags, max):
        data, peer = table[fd].recvfrom(max, bits(flags))
        return {"ReceivedFrom": {"from": None if peer is None else text(peer)}}, data

    def SendMsg(self, fd, flags, address, length, passed, payload):
        if any(one not in table for one in passed):
            raise OSError(9, "Bad file descriptor")
        rights = array.array("i", [table[one].fileno() for one in passed])
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
        return {"Sent": table[fd].sendmsg([payload], control, bits(flags), *([] if address is None else [numbers(address)]))}

    def RecvMsg(self, fd, flags, max, control):
        data, messages, seen, peer = table[fd].recvmsg(max, control, bits(flags))
        came = array.array("i")
        for _, _, rights in messages:
            came.frombytes(rights[: len(rights) - len(rights) % came.itemsize])
        told = {
            "from": None if not peer else text(peer),
            "cut": bool(seen & socket.MSG_TRUNC),
            "control_cut": bool(seen & socket.MSG_CTRUNC),
            "passed": [came_along(number) for number in came],
        }
        return {"ReceivedMsg": told}, data

    def Shutdown(self, fd, how):
        table[fd].shutdown(HOW[how])
        return "Done"

    def Close(self, fd):
        table.pop(fd).close()
        return "Done"

    def GetSockName(self, fd):
        return {"Address": text(table[fd].getsockname())}

    def GetPeerName(self, fd):
        return {"Address": text(table[fd].getpeername())}

    def SetSockOpt(self, fd, name, value):
        ((kind, inner),) = value.items()
        linger = struct.pack("ii", inner is not None, inner or 0) if kind == "Linger" else None
        level, number, _ = option(name)
        table[fd].setsockopt(level, number, linger or (bytes(inner) if kind == "Bytes" else int(inner)))
        return "Done"

    def GetSockOpt(self, fd, name):
        level, number, kind = option(name)
        if kind == "Bytes":
            return {"Option": {kind: list(table[fd].getsockopt(level, number, 1024))}}
        if kind == "Linger":
            on, seconds = struct.unpack("ii", table[fd].getsockopt(level, number, 8))
            return {"Option": {kind: seconds if on else None}}
        value = table[fd].getsockopt(level, number)
        return {"Option": {kind: bool(value) if kind == "Bool" else value}}

    def Poll(self, fds, wait):
        poll = select.poll()
        numbers_of = {}
        for fd, events in fds:
            numbers_of[table[fd].fileno()] = fd
            poll.register(table[fd], events)
        found = poll.poll(None if wait == "Forever" else 0 if wait == "No" else wait["Millis"])
        return {"Ready": [[numbers_of[number], events] for number, events in found]}

    def Resolve(self, name, family, port):
        found = socket.getaddrinfo(name, port, FAMILIES.get(family, 0), socket.SOCK_STREAM)
        return {"Addresses": {"addresses": [one[4][0] for one in found], "from_room": True}}


class Refused(Exception):
    """An answer of the lab's own."""


def as_epoll(fd):
    """An epoll of this computer's on a descriptor, whatever that is."""
    one = table[fd]
    # Of what is no epoll the kernel says EINVAL.
    return one if isinstance(one, select.epoll) else select.epoll.fromfd(os.dup(one.fileno()))


def came_along(number):
    """A real descriptor that was received, in the program's table."""
    made = socket.socket(fileno=number)
    named = [next(name for name, value in words.items() if value == of) for words, of in ((FAMILIES, made.family), (KINDS, made.type))]
    return {"fd": keep(made), "socket": named}


def option(name):
    """The level, the number and the form of an option of the protocol."""
    import _vocabulary

    return next((*numbers, kind) for numbers, (_, known, kind) in _vocabulary.OPTIONS.items() if known == name)


def keep(made):
    fd = next(number for number in range(3, 256) if number not in table)
    table[fd] = made
    return fd


def numbers(address):
    if address.startswith("unix:"):
        name = re.sub(rb"\\x(..)", lambda found: bytes.fromhex(found[1].decode()), address.removeprefix("unix:").encode())
        return b"\0" + name[1:] if address.startswith("unix:@") else name
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def text(address):
    if not isinstance(address, tuple):
        name = os.fsencode(address)
        escaped = "".join(f"\\x{byte:02x}" for byte in (name[1:] if name[:1] == b"\0" else name))
        return f"unix:@{escaped}" if name[:1] == b"\0" else f"unix:{escaped}"
    return f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"


def bits(flags):
    return sum(linux for bit, linux in FLAGS.items() if flags & bit) | socket.MSG_NOSIGNAL


def call(request, payload, name, fd, line_too=False, after=0):
    asked = json.loads(request)
    requests.append((asked["call"], asked["wait"], payload))
    made_on.append(asked["line"])
    if answers:
        reply, data = answers.pop(0)
        return json.dumps(reply), data
    ((operation, fields),) = asked["call"].items()
    try:
        value = perform(operation, fields, asked["wait"], payload)
    except Refused as refusal:
        return json.dumps({"error": refusal.args[0]}), b""
    except socket.gaierror as error:
        return json.dumps({"error": {"class": "resolve", "number": error.errno, "message": error.strerror}}), b""
    except TimeoutError as error:
        kind = {"class": "timed_out", "taken": 0} if error.errno is None else errno(error.errno)
        return json.dumps({"error": kind}), b""
    except OSError as error:
        return json.dumps({"error": errno(error.errno)}), b""
    value, data = value if isinstance(value, tuple) else (value, b"")
    return json.dumps({"ok": value}), data


def perform(operation, fields, wait, payload):
    fd = fields.get("fd")
    if fd is not None:
        if fd not in table:
            raise OSError(9, "Bad file descriptor")
        if not isinstance(table[fd], select.epoll):
            table[fd].settimeout({"Forever": None, "No": 0}[wait] if isinstance(wait, str) else wait["Millis"] / 1000)
    extra = {"payload": payload} if payload is not None else {"wait": wait} if operation in ("Poll", "EpollWait") else {}
    return getattr(Kernel(), operation)(**fields, **extra)


def errno(number):
    return {"class": "errno", "errno": number, "taken": 0}


def machines():
    return [("server", [], "10.0.0.1"), ("client", ["me"], "10.0.0.2")]


def begin():
    pass


def ending(ended):
    pass


def sleep(ms, call="sleep"):
    pass


def can_watch_input():
    return False


def has_line():
    return False


def lines_come():
    return 0


def hear():
    pass


def read_line():
    return lines.pop(0) if lines else b""


def at_prompt(signs):
    kind, content = typed.pop(0) if typed else ("line", "")
    if kind == "signal":
        interrupts.append(True)
    return kind, content.encode() if kind == "line" else content


def answer(text):
    answered.append(json.loads(text))


def write(stream, data):
    return os.write(stream, data)


def take_signal():
    return 2 if interrupts and interrupts.pop(0) else 0


def main(script):
    sys.modules["_pane"] = sys.modules["__main__"]
    sys.path.insert(0, str(LIBRARY))
    import runner

    runner.prepare()
    with open(script, encoding="utf-8") as file:
        source = file.read()
    ended = json.loads(runner.run(os.path.basename(script), source, [], "client"))
    sys.stdout.flush()
    os._exit(ended["code"])


if __name__ == "__main__":
    main(sys.argv[1])
