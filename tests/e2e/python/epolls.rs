//! `select.epoll`: the kernel's own, line by line what this computer's own CPython says; and standard input beside it.

use super::{in_a_page, js, prints_what_plain_cpython_prints, text};

/// Prints what each call tells, or which error it raises.
const PROGRAM: &str = r#"import errno, os, select, selectors, socket, threading
globals().update({name: value for name, value in vars(select).items() if name.startswith(("EPOLL", "POLL"))})
def told(call, *args):
    try:
        return call(*args)
    except OSError as problem:
        return errno.errorcode.get(problem.errno, problem)
    except (ValueError, TypeError, OverflowError) as problem:
        return problem
names = {}
def look(epoll, wait=0, most=-1):
    return sorted((names.get(fd, fd), events) for fd, events in epoll.poll(wait, most))
def call(name, made):
    names[made.fileno()] = name
    return made
listener = call("listener", socket.create_server(("127.0.0.1", 0)))
far = call("far", socket.create_connection(listener.getsockname()))
near = call("near", listener.accept()[0])

level = call("level", select.epoll())
level.register(near, EPOLLIN | EPOLLRDHUP)
level.register(listener, EPOLLIN)
print("quiet", look(level), level.closed, level.fileno() > 2, os.get_inheritable(level.fileno()), oct(os.fstat(level.fileno()).st_mode))
far.send(b"ab")
print("level", look(level, 5), look(level), near.recv(1), look(level), near.recv(9), look(level))
level.modify(near, EPOLLOUT)
print("modified", look(level), level.unregister(near), look(level))

edge = select.epoll()
edge.register(near, EPOLLIN | EPOLLOUT | EPOLLET)
print("edge", look(edge), look(edge))
far.send(b"abc")
print("data", look(edge, 5), look(edge), near.recv(1), look(edge))
far.send(b"d")
print("more while unread", look(edge, 5), look(edge), near.recv(9), look(edge))
edge.modify(near, EPOLLIN | EPOLLOUT | EPOLLET)
print("again", look(edge), look(edge))

once = select.epoll()
once.register(near, EPOLLIN | EPOLLONESHOT)
far.send(b"x")
print("once", look(once, 5), look(once))
far.send(b"y")
once.modify(near, EPOLLIN | EPOLLONESHOT)
print("asked anew", look(once), look(once), near.recv(9))

exclusive = select.epoll()
print("exclusive", told(exclusive.register, near, EPOLLIN | EPOLLPRI | EPOLLEXCLUSIVE), exclusive.register(near, EPOLLIN | EPOLLEXCLUSIVE),
      told(exclusive.modify, near, EPOLLIN), told(exclusive.modify, listener, EPOLLIN | EPOLLEXCLUSIVE))
far.send(b"!", socket.MSG_OOB)
urgent = select.epoll()
urgent.register(near, EPOLLPRI | EPOLLET)
print("urgent", look(urgent, 5), look(urgent), near.recv(1, socket.MSG_OOB))

outer = call("outer", select.epoll())
outer.register(level, EPOLLIN)
level.register(near, EPOLLIN)
poll = select.poll()
poll.register(level, POLLIN)
far.send(b"z")
print("nested", look(outer, 5), poll.poll(0) == [(level.fileno(), POLLIN)], select.select([outer], [], [], 0)[0] == [outer], look(level))
print("circle", told(level.register, outer), told(outer.register, outer), told(level.register, far, EPOLLIN))
same = select.epoll.fromfd(os.dup(level.fileno()))
print("fromfd", look(same), same.fileno() != level.fileno(), same.close(), same.closed, told(same.poll, 0), look(level), near.recv(9))

copy = call("copy", near.dup())
level.register(copy, EPOLLOUT)
far.send(b"1")
number = near.fileno()
print("a copy", look(level, 5), told(level.register, copy))
near.close()
print("a closed number", look(level), told(level.unregister, number), told(level.modify, number, EPOLLIN))
copy.close()
print("and its last", look(level))

with open("/tmp/epolled.bin", "w+") as file:
    print("file", told(level.register, file), told(level.modify, file, EPOLLIN), told(level.unregister, file))
os.remove("/tmp/epolled.bin")
print("unknown", told(level.register, 987), told(level.unregister, 987), told(level.register, -1), told(level.modify, outer, 1))
print("known", told(level.register, listener), told(level.register, far))
reader, writer = os.pipe()
pipes = select.epoll()
pipes.register(reader, EPOLLIN | EPOLLET)
os.write(writer, b"12")
print("pipe", [events for _, events in pipes.poll(5)], pipes.poll(0), os.read(reader, 1), pipes.poll(0), os.write(writer, b"3"), [events for _, events in pipes.poll(5)])
no_epoll = select.epoll.fromfd(os.dup(far.fileno()))
print("no epoll", told(no_epoll.register, listener), told(no_epoll.poll, 0), told(select.epoll.fromfd(987).poll, 0))
print("no socket", told(os.read, level.fileno(), 1), told(os.write, level.fileno(), b"x"), told(lambda: socket.socket(fileno=os.dup(level.fileno()))))
print("words", told(level.poll, 0, 0), told(level.poll, "x"), told(select.epoll, -2), told(lambda: select.epoll(flags=1)), told(level.poll, 1e7))
for _ in range(2):
    level.close()
print("closed", level.closed, told(level.poll, 0), told(level.fileno), told(level.register, far), told(level.__enter__))

several = select.epoll()
ends = [socket.socketpair() for _ in range(3)]
for one, _ in ends:
    several.register(one, EPOLLOUT)
turns = [fd for _ in range(3) for fd, _ in several.poll(0, 2)]
print("in turn", sorted(turns.count(one.fileno()) for one, _ in ends))

waiting = select.epoll()
def later():
    waiting.register(ends[0][0], EPOLLIN | EPOLLET)
    ends[0][1].send(b"x")
threading.Timer(0.05, later).start()
print("a thread registers", [(fd == ends[0][0].fileno(), events) for fd, events in waiting.poll()], waiting.poll(0.01))
with selectors.DefaultSelector() as selector:
    selector.register(ends[1][0], selectors.EVENT_READ, "end")
    ends[1][1].send(b"y")
    print(type(selector).__name__, [(key.data, events) for key, events in selector.select()], selector.fileno() > 2)
"#;

#[tokio::test]
async fn epoll_tells_what_plain_cpython_is_told_on_this_kernel() {
    prints_what_plain_cpython_prints(PROGRAM).await;
}

/// What is typed is the page's, and is told beside what the kernel tells: each time, or once for each line.
#[tokio::test]
async fn what_is_typed_is_told_level_by_level_and_edge_by_edge() {
    let program = js(r#"import os, select, socket, sys
EPOLLIN, EPOLLET = select.EPOLLIN, select.EPOLLET
near, far = socket.socketpair()
epoll = select.epoll()
epoll.register(near, EPOLLIN | EPOLLET)
epoll.register(sys.stdin, EPOLLIN)
print(epoll.poll(0.05))
print("one")
print(epoll.poll(), epoll.poll(), os.read(0, 2), epoll.poll(), os.read(0, 9), epoll.poll(0))
epoll.modify(0, EPOLLIN | EPOLLET)
print("two")
print(epoll.poll(), epoll.poll(0.05))
far.send(b"x")
print([fd == near.fileno() for fd, _ in epoll.poll()], epoll.poll(0))
print("three")
print(epoll.poll(), epoll.poll(0), repr(sys.stdin.readline()), repr(sys.stdin.readline()), epoll.poll(0))
"#);
    let run = in_a_page(&format!(
        "const held = await start('client', 'script.py', {program});
        for (const [after, line] of [['one', 'ab'], ['two', 'c'], ['three', 'd']]) {{
          await until(held, (state, text) => text.includes(after) && state.reads?.some(({{ call }}) => call === 'epoll_wait'));
          held.run.input(line);
        }}
        return all(held);"
    ))
    .await;
    assert_eq!(
        text(&run),
        "[]\none\n[(0, 1)] [(0, 1)] b'ab' [(0, 1)] b'\\n' []\ntwo\n[(0, 1)] []\n[True] []\nthree\n[(0, 1)] [] 'c\\n' 'd\\n' []\n"
    );
}
