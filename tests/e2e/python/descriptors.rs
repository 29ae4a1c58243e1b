//! `os`, `fcntl` and `select` on descriptors that are sockets and pipes: the same as this computer's own CPython says.

use super::{in_a_page, js, prints_what_plain_cpython_prints, text};

/// Prints what each function answers, or which errno it raises.
const PROGRAM: &str = r#"import array, errno, fcntl, os, select, socket, stat, threading
FIONREAD = 0x541B
def told(call, *args):
    try:
        return call(*args)
    except OSError as problem:
        return errno.errorcode.get(problem.errno, problem)
listener = socket.create_server(("127.0.0.1", 0))
near = socket.create_connection(listener.getsockname())
far = listener.accept()[0]
fd = near.fileno()
print("fstat", stat.filemode(os.fstat(fd).st_mode), os.fstat(fd).st_size)
print("inheritable", os.get_inheritable(fd), near.set_inheritable(True), near.get_inheritable(), fcntl.fcntl(fd, fcntl.F_GETFD))
print("cloexec", fcntl.fcntl(near, fcntl.F_SETFD, fcntl.FD_CLOEXEC), os.get_inheritable(fd), fcntl.fcntl(fd, fcntl.F_GETFD))
print("blocking", os.get_blocking(fd), fcntl.fcntl(fd, fcntl.F_GETFL))
for timeout in (5, 0, None):
    near.settimeout(timeout)
    print("settimeout", timeout, os.get_blocking(fd), fcntl.fcntl(fd, fcntl.F_GETFL))
copy = os.dup(fd)
os.set_blocking(copy, False)
print("not blocking", near.gettimeout(), os.get_blocking(fd), told(near.recv, 1), told(os.read, fd, 1))
print("F_SETFL", fcntl.fcntl(fd, fcntl.F_SETFL, 0), os.get_blocking(copy))
os.close(copy)
far.sendall(b"12345")
select.select([near], [], [])
number, word = array.array("i", [0]), bytearray(4)
print("FIONREAD", fcntl.ioctl(near, FIONREAD, number), number[0], fcntl.ioctl(fd, FIONREAD, word), word, fcntl.ioctl(fd, FIONREAD, bytes(4)))
parts = [bytearray(2), bytearray(8)]
print("readv", os.readv(fd, parts), parts)
print("empty", fcntl.ioctl(fd, FIONREAD, bytes(4)))
print("writev", os.writev(fd, [b"ab", b"", bytearray(b"cd")]), far.recv(4, socket.MSG_WAITALL))
print("no place", told(os.lseek, fd, 0, 0), told(os.pread, fd, 1, 0), told(os.pwrite, fd, b"x", 0))
with open("/tmp/descriptors.bin", "wb+") as file:
    file.write(bytes(range(200)))
    file.flush()
    print("sendfile", os.sendfile(fd, file.fileno(), 10, 50), far.recv(50, socket.MSG_WAITALL)[:3], os.sendfile(fd, file.fileno(), 300, 50))
    os.lseek(file.fileno(), 190, 0)
    print("sendfile on", os.sendfile(fd, file.fileno(), None, 50), os.lseek(file.fileno(), 0, 1), far.recv(10, socket.MSG_WAITALL)[-1])
    print("from a socket", told(os.sendfile, file.fileno(), fd, 0, 5))
print("socket.sendfile", near.sendfile(open("/tmp/descriptors.bin", "rb")), len(far.recv(200, socket.MSG_WAITALL)))
os.remove("/tmp/descriptors.bin")
with os.fdopen(os.dup(fd), "wb", 0) as file:
    print("fdopen", file.write(b"raw"), far.recv(3, socket.MSG_WAITALL))
near.close()
for name, args in (("fstat", ()), ("get_inheritable", ()), ("get_blocking", ()), ("set_blocking", (True,)), ("read", (1,)), ("lseek", (0, 0))):
    print("closed", name, told(getattr(os, name), fd, *args))

reader, writer = os.pipe()
print("pipe", stat.S_ISFIFO(os.fstat(reader).st_mode), [fcntl.fcntl(end, fcntl.F_GETFL) for end in (reader, writer)], os.get_inheritable(reader))
print("ready", [len(one) for one in select.select([reader], [writer], [], 0)])
wakes = threading.Timer(0.05, os.write, (writer, b"wake"))
wakes.start()
poll = select.poll()
poll.register(reader, select.POLLIN)
print("poll", [(number == reader, events) for number, events in poll.poll()], select.select([reader, listener], [], [])[0] == [reader], os.read(reader, 100))
wakes.join()
os.set_blocking(reader, False)
print("empty", told(os.read, reader, 1), told(os.read, writer, 1), told(os.write, reader, b"x"))
os.set_blocking(reader, True)
with os.fdopen(writer, "w", 1) as lines, os.fdopen(reader) as answers:
    print("a line", file=lines)
    print("fdopen", repr(answers.readline()))
    lines.close()
    print("end", repr(answers.read()))
print("closed", told(os.fstat, reader), told(os.write, writer, b"x"))
reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
os.close(reader)
print("pipe2", os.get_blocking(writer), told(os.write, writer, b"x"))
"#;

#[tokio::test]
async fn functions_of_os_take_sockets_and_pipes_as_linux_does() {
    prints_what_plain_cpython_prints(PROGRAM).await;
}

/// What a descriptor of the room is not, said in a sentence, where Linux would have it.
#[tokio::test]
async fn what_a_descriptor_is_not_is_said_in_a_sentence() {
    let program = js(r#"import fcntl, os, socket, wireside
s = socket.socket()
for call in (
    lambda: os.dup2(s.fileno(), 9),
    lambda: fcntl.fcntl(s, 9),
    lambda: fcntl.ioctl(s, 0x8927, bytes(40)),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136),
    lambda: os.eventfd(0),
    lambda: os.memfd_create("x"),
    lambda: os.geteuid(),
    lambda: os.no_such_name,
):
    try:
        print(call())
    except (wireside.NotAvailable, AttributeError) as problem:
        print(type(problem).__name__, problem)
print(hasattr(os, "eventfd"))
"#);
    let run = in_a_page(&format!("return run('client', {program});")).await;
    let told: Vec<&str> = text(&run).lines().collect();
    let expected = [
        "NotAvailable This lab has no dup2() of a socket: a copy gets the lowest number that is free (os.dup, socket.dup).",
        "NotAvailable This lab's fcntl() of a socket has F_GETFL, F_SETFL, F_GETFD, F_SETFD and F_DUPFD, and no 9.",
        "NotAvailable This lab's ioctl() of a socket has FIONREAD and FIONBIO, and no 0x8927.",
        "NotAvailable This lab has TCP and UDP, and no Multipath TCP. The kernel was not asked.",
        "NotAvailable This lab has TCP and UDP, and no UDP-Lite. The kernel was not asked.",
        "AttributeError module 'os' has no attribute 'eventfd': Linux has it, this lab does not: a descriptor that wakes select() is \
         an end of os.pipe() or of socket.socketpair(); between threads there is threading.Event",
        "AttributeError module 'os' has no attribute 'memfd_create': Linux has it, this lab does not: use io.BytesIO, or a file in /tmp",
        "AttributeError module 'os' has no attribute 'geteuid': Linux has it, this lab does not. There are no users here",
        "AttributeError module 'os' has no attribute 'no_such_name'",
        "False",
    ];
    assert_eq!(told, expected);
}
