"""asyncio on the machine's sockets: CPython's own selector loop, on the poll(2) of `_select.py`.

There is one thread. What asyncio leaves to others (`getaddrinfo`, `to_thread`, `run_in_executor`) runs at once, and the
loop waits for it.
"""

import sys
from asyncio import events, selector_events

import _kernel
import linux


class Loop(selector_events.BaseSelectorEventLoop):
    """A selector loop that needs no pipe to itself: nobody but a signal's handler can wake it."""

    def _make_self_pipe(self):
        self._ssock = self._csock = None

    def _close_self_pipe(self):
        pass

    def _write_to_self(self):
        _kernel.wake()

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

    async def sock_connect(self, sock, address):
        """connect(2). asyncio makes the exception of a failed one from the number alone, which here is Linux's."""
        try:
            return await super().sock_connect(sock, address)
        except OSError as problem:
            if type(problem) is OSError and problem.errno is not None:
                raise type(linux.error(problem.errno))(problem.errno, problem.strerror) from None
            raise


class _Policy(getattr(events, "_BaseDefaultEventLoopPolicy", None) or events.BaseDefaultEventLoopPolicy):
    _loop_factory = Loop


_NOT_HERE = (
    "asyncio is not here: its loop needs calls that block, which this page has at a secure address only "
    "(https, or localhost)."
)


def refuse():
    """Where calls are promises, these need Pyodide's own loop, and no other can run."""
    import asyncio

    def run(main, *, debug=None, loop_factory=None):
        main.close()
        raise RuntimeError(_NOT_HERE)

    asyncio.run = run


def install():
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
    asyncio.run = getattr(asyncio.run, "__wrapped__", asyncio.run)
    asyncio.SelectorEventLoop = Loop
    if hasattr(asyncio, "EventLoop"):
        asyncio.EventLoop = Loop
    events._set_running_loop(None)
    getattr(events, "_set_event_loop_policy", events.set_event_loop_policy)(_Policy())
