"""asyncio on the machine's sockets: CPython's own selector loop, on the poll(2) of `_select.py`.

Where a program has one thread, what asyncio leaves to others (`getaddrinfo`, `to_thread`, `run_in_executor`) runs at once,
and the loop waits for it.
"""

import inspect
import os
import selectors
import signal
import socket
import stat
import sys
from asyncio import base_events, coroutines, events, selector_events, streams, tasks

import _absent
import _kernel
import _threads


class _Selector(selectors.PollSelector):
    """One that a thread waits for and another can wake, without a pipe."""

    def __init__(self):
        super().__init__()
        self._woken = False
        self._waits = None

    def select(self, timeout=None):
        """What is ready; nothing, when it is woken."""
        _kernel.not_woken()
        if self._woken:
            timeout = 0
        self._waits = _threads.ident()
        try:
            return super().select(timeout)
        except InterruptedError:
            return []
        finally:
            self._waits = None
            self._woken = False
            _kernel.not_woken()

    def wake(self):
        """Ends the wait that is, or is to come."""
        self._woken = True
        if self._waits is not None:
            _kernel.wake(self._waits)


class Loop(selector_events.BaseSelectorEventLoop):
    """A selector loop that needs no pipe to itself."""

    def __init__(self, selector=None):
        super().__init__(_Selector() if selector is None else selector)
        # By signal.
        self._handlers = {}

    def _make_self_pipe(self):
        self._ssock = self._csock = None

    def _close_self_pipe(self):
        pass

    async def getaddrinfo(self, host, port, *, family=0, type=0, proto=0, flags=0):
        """At once, in no thread: those of a room are found at once, and each thread makes all calls slower."""
        return socket.getaddrinfo(host, port, family, type, proto, flags)

    async def create_unix_connection(self, protocol_factory, path=None, *, sock=None, ssl=None, **_tls):
        """A connection within the machine, as CPython's loop for Unix makes it."""
        _no_tls(ssl)
        if (path is None) == (sock is None):
            raise ValueError("path and sock can not be specified at the same time" if sock else "no path and sock were specified")
        if sock is None:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.setblocking(False)
                await self.sock_connect(sock, os.fspath(path))
            except BaseException:
                sock.close()
                raise
        sock.setblocking(False)
        return await self._create_connection_transport(sock, protocol_factory, None, None)

    async def create_unix_server(
        self, protocol_factory, path=None, *, sock=None, backlog=100, ssl=None, start_serving=True, **_tls
    ):
        """A server within the machine, as CPython's loop for Unix makes it: a path that is left from before is removed."""
        _no_tls(ssl)
        if (path is None) == (sock is None):
            raise ValueError(
                "path and sock can not be specified at the same time" if sock else "path was not specified, and no sock specified"
            )
        if sock is None:
            sock = _bound(os.fspath(path))
        sock.setblocking(False)
        server = base_events.Server(self, [sock], protocol_factory, None, backlog, None, None)
        if start_serving:
            server._start_serving()
            await tasks.sleep(0)
        return server

    async def getnameinfo(self, sockaddr, flags=0):
        """The same."""
        return socket.getnameinfo(sockaddr, flags)

    # As in asyncio's own loop for Unix, which needs a pipe for it.

    def add_signal_handler(self, sig, callback, *args):
        """Calls it in the loop for each signal that comes."""
        if coroutines.iscoroutine(callback) or inspect.iscoroutinefunction(callback):
            raise TypeError("coroutines cannot be used with add_signal_handler()")
        self._check_signal(sig)
        self._check_closed()
        handle = events.Handle(callback, args, self, None)
        try:
            signal.signal(sig, self._signalled)
        except ValueError as problem:
            raise RuntimeError(str(problem)) from None
        self._handlers[sig] = handle

    def remove_signal_handler(self, sig):
        """The signal does what it does without the loop; whether it had a handler here."""
        self._check_signal(sig)
        if self._handlers.pop(sig, None) is None:
            return False
        signal.signal(sig, signal.default_int_handler if sig == signal.SIGINT else signal.SIG_DFL)
        return True

    def _check_signal(self, sig):
        if not isinstance(sig, int):
            raise TypeError(f"sig must be an int, not {sig!r}")
        if sig not in signal.valid_signals():
            raise ValueError(f"invalid signal number {sig}")

    def _signalled(self, number, frame):
        handle = self._handlers.get(number)
        if handle is None:
            return
        if handle._cancelled:
            self.remove_signal_handler(number)
        else:
            self._add_callback_signalsafe(handle)

    def close(self):
        """Its handlers go with it."""
        super().close()
        for sig in list(self._handlers):
            self.remove_signal_handler(sig)

    def _write_to_self(self):
        if isinstance(self._selector, _Selector):
            self._selector.wake()


def _no_tls(ssl):
    if ssl:
        raise NotImplementedError(_absent.SSL)


def _bound(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path[:1] not in (b"\0", "\0"):
            try:
                if stat.S_ISSOCK(os.stat(path).st_mode):
                    os.remove(path)
            except FileNotFoundError:
                pass
        sock.bind(path)
    except BaseException:
        sock.close()
        raise
    return sock


async def open_unix_connection(path=None, *, limit=streams._DEFAULT_LIMIT, **kwds):
    """As asyncio's own, which it has only where it found AF_UNIX when it was loaded."""
    loop = events.get_running_loop()
    reader = streams.StreamReader(limit=limit, loop=loop)
    protocol = streams.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.create_unix_connection(lambda: protocol, path, **kwds)
    return reader, streams.StreamWriter(transport, protocol, reader, loop)


async def start_unix_server(client_connected_cb, path=None, *, limit=streams._DEFAULT_LIMIT, **kwds):
    """The same."""
    loop = events.get_running_loop()

    def factory():
        reader = streams.StreamReader(limit=limit, loop=loop)
        return streams.StreamReaderProtocol(reader, client_connected_cb, loop=loop)

    return await loop.create_unix_server(factory, path, **kwds)


class OneThread(Loop):
    """The same where there are no threads."""

    def run_in_executor(self, executor, func, *args):
        """Runs it here and now: there is no other thread."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except StopIteration as problem:
            # A future cannot hold it; a thread's result could not either.
            future.set_exception(RuntimeError(f"{func} raised StopIteration: {problem}"))
        except Exception as problem:
            future.set_exception(problem)
        return future


def install(threads):
    """Makes it the loop that asyncio runs. Pyodide has one of its own, which runs in the browser's."""
    import asyncio
    import select
    import selectors
    import socket

    # asyncio may have come before the machine's own modules took their places.
    replaced = {"socket": socket, "select": select, "selectors": selectors, "ssl": None}
    for name, module in list(sys.modules.items()):
        if name.startswith("asyncio."):
            for attribute in replaced.keys() & vars(module).keys():
                setattr(module, attribute, replaced[attribute])
    # Of the socket that it had found, Pyodide's, it believes that it can do that.
    selector_events._HAS_SENDMSG = hasattr(socket.socket, "sendmsg")
    loop = Loop if threads else OneThread

    class Policy(getattr(events, "_BaseDefaultEventLoopPolicy", None) or events.BaseDefaultEventLoopPolicy):
        _loop_factory = loop

    asyncio.run = getattr(asyncio.run, "__wrapped__", asyncio.run)
    asyncio.SelectorEventLoop = loop
    for own in (open_unix_connection, start_unix_server):
        setattr(streams, own.__name__, own)
        setattr(asyncio, own.__name__, own)
    if hasattr(asyncio, "EventLoop"):
        asyncio.EventLoop = loop
    events._set_running_loop(None)
    getattr(events, "_set_event_loop_policy", events.set_event_loop_policy)(Policy())
