"""What Linux keeps of an open socket, and of each of its descriptors, that is no call of the network: whether it waits, and
whether a program that is started would have it. fstat(2), fcntl(2) and ioctl(2), as far as they ask for that.

Copies of a descriptor are of one open socket. It is set here and acted upon here: the kernel is told with each call whether
to wait.
"""

import operator
import os
import stat

import _kernel
import linux
import wireside

_EBADF, _EAGAIN, _EFAULT = (linux.ERRNO[name][0] for name in ("EBADF", "EAGAIN", "EFAULT"))
_F_DUPFD, _F_GETFD, _F_SETFD, _F_GETFL, _F_SETFL, _F_DUPFD_CLOEXEC = 0, 1, 2, 3, 4, 1030
_FD_CLOEXEC = 1
_FIONREAD, _FIONBIO = 0x541B, 0x5421
_PEEK = {"flags": 1, "max": _kernel.PAYLOAD}


def check(fd):
    """EBADF where it is not open."""
    if fd not in _kernel.made and fd not in _kernel.epolls:
        raise linux.error(_EBADF)


def fstat(fd):
    """fstat(2): a socket or a pipe. Of its inode nothing is known but that it is there."""
    check(fd)
    if fd in _kernel.epolls:
        # Of no type: it is no file.
        return os.stat_result((0o600, fd, 0, 1, 0, 0, 0, 0, 0, 0))
    mode = stat.S_IFIFO | 0o600 if _kernel.opened(fd).end else stat.S_IFSOCK | 0o777
    return os.stat_result((mode, fd, 0, 1, 0, 0, 0, 0, 0, 0))


def get_inheritable(fd, /):
    """Whether a program that is started would have it: nothing is started here."""
    check(fd)
    return fd in _kernel.inheritable


def set_inheritable(fd, inheritable, /):
    """Notes it."""
    check(fd)
    (_kernel.inheritable.add if inheritable else _kernel.inheritable.discard)(fd)


def get_blocking(fd, /):
    """Whether calls on the open socket wait."""
    check(fd)
    return not _kernel.opened(fd).nonblocking


def set_blocking(fd, blocking, /):
    """O_NONBLOCK of the open socket: for all copies of the descriptor."""
    check(fd)
    _kernel.opened(fd).nonblocking = not blocking


def fcntl(fd, cmd, arg=0, /):
    """fcntl(2), as far as it asks for flags or a copy."""
    check(fd)
    if cmd == _F_GETFD:
        return 0 if get_inheritable(fd) else _FD_CLOEXEC
    if cmd == _F_SETFD:
        set_inheritable(fd, not operator.index(arg) & _FD_CLOEXEC)
        return 0
    if cmd == _F_GETFL:
        access = {None: os.O_RDWR, "read": os.O_RDONLY, "write": os.O_WRONLY}[_kernel.opened(fd).end]
        return access | (0 if get_blocking(fd) else os.O_NONBLOCK)
    if cmd == _F_SETFL:
        set_blocking(fd, not operator.index(arg) & os.O_NONBLOCK)
        return 0
    if cmd in (_F_DUPFD, _F_DUPFD_CLOEXEC) and operator.index(arg) <= 3:
        # The lowest that is free is what every copy gets.
        again = _kernel.dup(fd)
        set_inheritable(again, cmd == _F_DUPFD)
        return again
    raise wireside.NotAvailable(f"This lab's fcntl() of a socket has F_GETFL, F_SETFL, F_GETFD, F_SETFD and F_DUPFD, and no {cmd}.")


def ioctl(fd, request, arg=0, mutate_flag=True, /):
    """ioctl(2): FIONREAD, which looks at what has come (recv with MSG_PEEK), and FIONBIO."""
    check(fd)
    if request == _FIONREAD:
        return _hand_over(_waiting(fd), arg, mutate_flag)
    if request == _FIONBIO:
        set_blocking(fd, not any(bytes(arg)))
        return _hand_over(None, arg, mutate_flag)
    raise wireside.NotAvailable(f"This lab's ioctl() of a socket has FIONREAD and FIONBIO, and no {request:#x}.")


def _waiting(fd):
    try:
        return len(_kernel.call("Recv", {"fd": fd, **_PEEK}, _kernel.NO)[1])
    except BlockingIOError:
        return 0


def _hand_over(number, arg, mutate):
    """An int for C's memory, as Python's ioctl passes it: in a buffer of the caller's, or in a copy of its bytes."""
    if isinstance(arg, int):
        raise linux.error(_EFAULT)
    word = bytes(arg) if number is None else number.to_bytes(4, "little") + bytes(arg)[4:]
    if isinstance(arg, bytes) or not mutate:
        return word
    memoryview(arg).cast("B")[:] = word
    return 0


def install():
    """Puts those of `fcntl` in the place of C's, for sockets."""
    import fcntl as module

    import _descriptors

    for name, ours in (("fcntl", fcntl), ("ioctl", ioctl)):
        setattr(module, name, _descriptors.or_files(ours, getattr(module, name), objects=True))
