"""What a page cannot have, said where a program asks for it: processes, TLS, and what of `os` a browser has no kernel for.

Each is one exception of the class that a program expects there, with why and what to use instead.
"""

import os
import sys
import types

import linux

_ENOSYS = linux.ERRNO["ENOSYS"][0]
_ECHILD = linux.ERRNO["ECHILD"][0]

SSL = "ssl is not here: in this page sockets carry plain bytes, so that their packets can be read. Use http, not https."

_FORK = (
    "there are no processes here: a program lives in a page, which cannot be copied. For each client use a thread "
    "(threading, socketserver.ThreadingMixIn), or one loop for all of them (selectors, asyncio)"
)
_RUN = "there are no processes here: no other program can be started from a page. What Python's own library does is all here"
_POOL = (
    "there are no processes here: a program lives in a page. Use threads: threading.Thread, queue.Queue and "
    "concurrent.futures.ThreadPoolExecutor take the same arguments"
)
_SHELL = "os.system: there is no shell here, and no other program can be started from a page"

# What Linux's `os` has and this one has not, by how it begins.
_NOT_IN_OS = {
    "eventfd": "a descriptor that wakes select() is an end of os.pipe() or of socket.socketpair(); between threads there is threading.Event",
    "memfd_create": "use io.BytesIO, or a file in /tmp",
    "pidfd_": _RUN,
    "posix_spawn": _RUN,
    "openpty": "no program has a terminal here",
    "splice": "read and write, or socket.sendfile()",
    "copy_file_range": "shutil.copyfile does the same",
    "preadv": "os.pread reads one piece",
    "pwritev": "os.pwrite writes one piece",
    "getrandom": "use os.urandom or secrets",
    "mkfifo": "use os.pipe() or socket.socketpair() within a program, and a socket of AF_UNIX between two",
    "sched_": "a program has one processor, the browser's",
}
# Who a program runs as.
_USERS = frozenset("getegid geteuid getgrouplist getgroups seteuid setegid setgroups initgroups setresuid setresgid getresuid getresgid".split())

# Names that a library has only with TLS, by module.
_TLS = {
    "http.client": ("HTTPSConnection",),
    "urllib.request": ("HTTPSHandler",),
    "smtplib": ("SMTP_SSL",),
    "poplib": ("POP3_SSL",),
    "imaplib": ("IMAP4_SSL",),
    "ftplib": ("FTP_TLS",),
}


def _raises(name, words):
    def absent(*args, **kwargs):
        raise OSError(_ENOSYS, f"{name}: {words}")

    absent.__name__ = absent.__qualname__ = name.rpartition(".")[2]
    return absent


def _no_children(*args, **kwargs):
    raise linux.error(_ECHILD)


def _system(command):
    """As a shell that finds no such command."""
    os.fsencode(command)
    print(f"{_SHELL} ({os.fsdecode(command)})", file=sys.stderr)
    return 127 << 8


def _mend_subprocess(module):
    module.Popen.__init__ = _raises("subprocess", _RUN)
    # What an object that was never made has.
    module.Popen._child_created = False


def _mend_process(module):
    module.BaseProcess.start = _raises("multiprocessing", _POOL)


def _mend_urllib(module):
    unknown = module.UnknownHandler.unknown_open

    def unknown_open(self, req):
        if req.type == "https":
            raise module.URLError(SSL)
        return unknown(self, req)

    module.UnknownHandler.unknown_open = unknown_open


def _mend_smtplib(module):
    def starttls(self, *args, **kwargs):
        raise RuntimeError(SSL)

    module.SMTP.starttls = starttls


def _mend_asyncio(module):
    async def absent(self, *args, **kwargs):
        raise NotImplementedError(_RUN)

    module.BaseEventLoop._make_subprocess_transport = absent


_MENDED = {
    "asyncio.base_events": _mend_asyncio,
    "subprocess": _mend_subprocess,
    "multiprocessing.process": _mend_process,
    "urllib.request": _mend_urllib,
    "smtplib": _mend_smtplib,
}


def _say_what_is_missing(module, why):
    """Where a module has no such name, `why(name)` says why; nothing for a name that no module has."""

    def missing(name):
        if words := why(name):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}: {words}")
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}", name=name, obj=module)

    module.__getattr__ = missing


def _mend(module):
    name = module.__name__
    if name in _MENDED:
        _MENDED[name](module)
    if name in _TLS:
        _say_what_is_missing(module, lambda asked: SSL if asked in _TLS[name] else None)


def _why_not_in_os(name):
    if name in _USERS:
        return "Linux has it, this lab does not. There are no users here"
    begins = [words for start, words in _NOT_IN_OS.items() if name.startswith(start)]
    return f"Linux has it, this lab does not: {begins[0]}" if begins else None


class _Mending:
    """Finds the library's own module, and mends it when it has been loaded."""

    def find_spec(self, name, path=None, target=None):
        if name not in _MENDED and name not in _TLS:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        spec = next((found for finder in others if (found := finder.find_spec(name, path, target))), None)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def exec_module(module):
                load(module)
                _mend(module)

            spec.loader.exec_module = exec_module
        return spec


fork_exec = _raises("subprocess", _RUN)


def _semaphores():
    """`_multiprocessing` as far as its threads need it: `ThreadPool` imports it."""
    module = types.ModuleType("_multiprocessing")

    class SemLock:
        SEM_VALUE_MAX = 2**31 - 1
        __init__ = _raises("multiprocessing", _POOL)

    module.SemLock = SemLock
    module.sem_unlink = _raises("multiprocessing", _POOL)
    module.flags = {}
    return module


def _shared_memory():
    """`_posixshmem`, which `multiprocessing.shared_memory` imports: memory is shared with nobody."""
    module = types.ModuleType("_posixshmem")
    module.shm_open = module.shm_unlink = _raises("multiprocessing.shared_memory", _POOL)
    return module


def install():
    """Puts the sentences in their places."""
    for name in ("fork", "forkpty"):
        setattr(os, name, _raises(f"os.{name}", _FORK))
    for name in [name for name in dir(os) if name.startswith(("exec", "spawn", "posix_spawn"))]:
        if callable(getattr(os, name)):
            setattr(os, name, _raises(f"os.{name}", _RUN))
    os.system = _system
    _say_what_is_missing(os, _why_not_in_os)
    for name in ("wait", "waitpid", "wait3", "wait4"):
        setattr(os, name, _no_children)
    sys.modules["_multiprocessing"] = _semaphores()
    sys.modules["_posixshmem"] = _shared_memory()
    sys.meta_path.insert(0, _Mending())
    for name in [*_MENDED, *_TLS]:
        if name in sys.modules:
            _mend(sys.modules[name])
