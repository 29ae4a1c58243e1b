//! `sendmsg` and `recvmsg` with descriptors (SCM_RIGHTS): the same as this computer's own CPython says, and between two programs.

use super::{in_a_page, js, prints_what_plain_cpython_prints, text};

/// Prints what each call answers, or which error it raises.
const PROGRAM: &str = r#"import array, errno, os, select, socket
def told(call, *args):
    try:
        return call(*args)
    except OSError as problem:
        return errno.errorcode.get(problem.errno, problem)
INT = 4
near, far = socket.socketpair()
one, other = socket.socketpair()
print("send_fds", socket.send_fds(near, [b"he", b"llo"], [one.fileno(), other.fileno()]))
data, fds, flags, address = socket.recv_fds(far, 9, 2)
print("recv_fds", data, len(fds), flags, address, fds[0] not in (one.fileno(), other.fileno()))
came = [socket.socket(fileno=fd) for fd in fds]
print("what came", [(made.family.name, made.type.name, made.proto, made.get_inheritable()) for made in came])
print("the same open socket", came[0].send(b"x"), other.recv(1), came[1].send(b"y"), one.recv(1))
for made in came:
    made.close()
print("still open", one.send(b"z"), other.recv(1))

socket.send_fds(near, [b"kept"], [one.fileno()])
one.close()
other.setblocking(False)
print("open on its way", told(other.recv, 1))
_, (fd,), _, _ = socket.recv_fds(far, 9, 1)
os.close(fd)
select.select([other], [], [], 5)
print("and then closed", other.recv(1))

one, other = socket.socketpair()
socket.send_fds(near, [b"lost"], [one.fileno()])
one.close()
print("without room", far.recvmsg(9))
select.select([other], [], [], 5)
print("it is closed", other.recv(1))
one, other = socket.socketpair()
pair = socket.socketpair()
socket.send_fds(pair[0], [b"gone"], [one.fileno()])
one.close()
pair[1].close()
select.select([other], [], [], 5)
print("nobody can get it", other.recv(1))

one, other = socket.socketpair()
for room in (0, 8, socket.CMSG_LEN(0), socket.CMSG_LEN(INT), socket.CMSG_SPACE(INT), socket.CMSG_LEN(3 * INT), 1000):
    socket.send_fds(near, [b"m"], [one.fileno()] * 3)
    data, control, flags, address = far.recvmsg(9, room, socket.MSG_CMSG_CLOEXEC)
    print("room", room, data, [(level, kind, len(rights)) for level, kind, rights in control], flags, address)
    for _, _, rights in control:
        for fd in array.array("i", rights):
            print(os.get_inheritable(fd), end=" ")
            os.close(fd)
near.send(b"plain")
print("no rights", far.recvmsg(3, 99), far.recvmsg_into([bytearray(1), bytearray(9)], 99))
print("wrong", told(socket.send_fds, near, [b"m"], [987]), told(socket.send_fds, near, [b"m"], [-1]), told(socket.send_fds, near, [b"m"], [one.fileno()] * 254))

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
epoll = select.epoll()
epoll.register(client, select.EPOLLIN)
socket.send_fds(near, [b"m"], [listener.fileno(), client.fileno(), epoll.fileno()])
_, (first, second, third), _, _ = socket.recv_fds(far, 9, 3)
again, connected, watching = socket.socket(fileno=first), socket.socket(fileno=second), select.epoll.fromfd(third)
accepted = again.accept()[0]
print("TCP", again.getsockname() == listener.getsockname(), (connected.family.name, connected.type.name, connected.proto), accepted.send(b"hello"), connected.recv(9))
accepted.send(b"!")
print("epoll", [(fd == client.fileno(), events) for fd, events in watching.poll(5)], connected.recv(1))

left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
print("datagram", left.sendmsg([b"abcdef"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [one.fileno()]))]))
data, control, flags, address = right.recvmsg(3, 99)
print("cut", data, len(control), flags, address)
named = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
named.bind(b"\0wireside-passing")
sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [one.fileno()]))]
print("to a name", sender.sendmsg([b"q"], rights, 0, b"\0wireside-passing"), [len(one) for one in named.recvmsg(3, 99)[:2]])
print("TCP passes over them", accepted.sendmsg([b"t"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [one.fileno()]))]), connected.recvmsg(9, 99))
"#;

#[tokio::test]
async fn descriptors_travel_as_plain_cpython_is_told_on_this_kernel() {
    prints_what_plain_cpython_prints(PROGRAM).await;
}

/// One program accepts, another serves what it accepted.
#[tokio::test]
async fn a_connection_goes_from_one_program_of_a_machine_to_another() {
    let acceptor = js(r#"import os, socket
server = socket.create_server(("", 9000))
with socket.socket(socket.AF_UNIX) as hands:
    hands.bind("/tmp/hands")
    hands.listen()
    print("ready", flush=True)
    worker = hands.accept()[0]
    connection = server.accept()[0]
    socket.send_fds(worker, [b"serve"], [connection.fileno()])
    connection.close()
    print("handed over", worker.recv(9))
"#);
    let worker = js(r#"import socket
hands = socket.socket(socket.AF_UNIX)
hands.connect("/tmp/hands")
data, (fd,), _, _ = socket.recv_fds(hands, 9, 1)
connection = socket.socket(fileno=fd)
print(data, connection.recv(9))
connection.sendall(b"from the worker")
connection.close()
hands.send(b"done")
"#);
    let client = js(r#"import socket
with socket.create_connection(("server", 9000)) as s:
    s.sendall(b"hello")
    print(s.recv(99), s.recv(1))
"#);
    let run = in_a_page(&format!(
        "const acceptor = await start('server', 'acceptor.py', {acceptor});
        await until(acceptor, (state, text) => text.includes('ready'));
        const worker = await start('server', 'worker.py', {worker});
        const asked = await run('client', {client});
        return [await all(acceptor), await all(worker), asked];"
    ))
    .await;
    assert_eq!(text(&run[0]), "ready\nhanded over b'done'\n");
    assert_eq!(text(&run[1]), "b'serve' b'hello'\n");
    assert_eq!(text(&run[2]), "b'from the worker' b''\n");
}
