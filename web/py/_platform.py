"""What a program learns of the system that it runs on: Linux, as its sockets are, and its machine's files in /etc.

CPython here was compiled for Emscripten. What of its library hangs on that was loaded before, or is kept working below.
"""

import os
import sys
import types

import _absent
import _names
import _services

_RESOLV_CONF = "# Names are answered by the room itself: the machines in /etc/hosts, and outside it what the lab may ask for.\n"
_READ_ONLY = 0o444
# Emscripten's own; None where this is not installed.
_posix_uname = None


def _uname():
    """Linux by its sockets; which one nobody asks. The processor is WebAssembly's."""
    theirs = _posix_uname()
    return os.uname_result(("Linux", _names.hostname, "", "", theirs.machine))


def _write(name, text):
    path = f"/etc/{name}"
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, _READ_ONLY)


def begin():
    """The program begins: its machine has a name."""
    if _posix_uname is not None:
        _write("hostname", f"{_names.hostname}\n")


def _compiled_for():
    """Keeps `sysconfig` with the file that it was made with."""
    import sysconfig

    os.environ["_PYTHON_SYSCONFIGDATA_NAME"] = sysconfig._get_sysconfigdata_name()


def _processes():
    """What `subprocess` imports where there are processes: it can be imported, and says why it starts none."""
    module = types.ModuleType("_posixsubprocess")
    module.fork_exec = _absent.fork_exec
    return module


def install():
    """From here on it is Linux."""
    global _posix_uname
    os.makedirs("/etc", exist_ok=True)
    _write("services", _services.services_file())
    _write("protocols", _services.protocols_file())
    _write("resolv.conf", _RESOLV_CONF)
    _compiled_for()
    sys.modules["_posixsubprocess"] = _processes()
    _posix_uname, os.uname = os.uname, _uname
    sys.platform = "linux"
