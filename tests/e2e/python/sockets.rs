//! What programs do with sockets when all goes well.

use super::{CLIENT, SERVER, in_a_page, js, text};

#[tokio::test]
async fn the_tutorials_two_scripts_and_a_restart() {
    let (server, client) = (js(SERVER), js(CLIENT));
    let reusing =
        js(&SERVER.replace("s.bind", "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\ns.bind"));
    let result = in_a_page(&format!(
        "const first = await start('server', 'server.py', {server});
        const waiting = await until(first, waits('accept'));
        const client = await run('client', {client}, 'client.py');
        await until(first, (_, text) => text.includes('got a call'));
        await first.run.stop();
        const stopped = await all(first);
        const again = await run('server', {server}, 'server.py');
        await room.freshNetwork('server');
        const reusing = await start('server', 'server.py', {reusing});
        await until(reusing, waits('accept'));
        const second = await run('client', {client}, 'client.py');
        await reusing.run.stop();
        const restarted = await start('server', 'server.py', {reusing});
        await until(restarted, waits('accept'));
        await restarted.run.stop();
        const ended = await all(restarted);
        await gone('.py');
        return {{ waiting, client, stopped, again, second, restarted: ended }};"
    ))
    .await;
    assert_eq!(result["waiting"]["line"], 7, "{}", result["waiting"]);
    assert_eq!(result["waiting"]["fd"], 3);
    assert_eq!(text(&result["client"]), "Thank you for connecting\n");
    assert_eq!(result["client"]["exit"]["status"], "exited");
    let stopped = &result["stopped"];
    assert_eq!(stopped["exit"]["status"], "stopped", "{stopped}");
    assert_eq!(stopped["exit"]["code"], 130);
    assert!(text(stopped).starts_with("listening\ngot a call from 10.0.0.2\n{Traceback"), "{stopped}");
    assert!(
        text(stopped).contains("File \"server.py\", line 7, in <module>\n    c, addr = s.accept()"),
        "{stopped}"
    );
    assert!(text(stopped).ends_with("KeyboardInterrupt\n}"), "{stopped}");
    assert!(!text(stopped).contains("wireside"), "a frame of ours: {stopped}");
    let again = &result["again"];
    assert_eq!(again["exit"]["error"]["errno"], 98, "{again}");
    assert_eq!(again["exit"]["error"]["line"], 3);
    assert!(text(again).ends_with("OSError: [Errno 98] Address already in use\n}"), "{again}");
    assert_eq!(text(&result["second"]), "Thank you for connecting\n");
    assert_eq!(result["restarted"]["exit"]["status"], "stopped", "{}", result["restarted"]);
}

#[tokio::test]
async fn one_thread_serves_three_clients_with_asyncio() {
    let server = js(r#"import asyncio

async def talk(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()

async def main():
    async with await asyncio.start_server(talk, "", 7) as server:
        await server.serve_forever()

asyncio.run(main())
"#);
    let client = js(r#"import asyncio

async def one(n):
    reader, writer = await asyncio.open_connection("server", 7)
    writer.write(b"client %d\n" % n)
    said = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return said

async def main():
    print(await asyncio.gather(*(one(n) for n in range(3))))
    try:
        await asyncio.open_connection("server", 9)
    except ConnectionRefusedError as error:
        print(error.errno)

asyncio.run(main())
"#);
    let result = in_a_page(&format!(
        "const server = await start('server', 'server.py', {server});
        await until(server, waits('poll'));
        const client = await run('client', {client});
        await server.run.stop();
        return {{ client, server: await all(server) }};"
    ))
    .await;
    assert_eq!(text(&result["client"]), "[b'CLIENT 0\\n', b'CLIENT 1\\n', b'CLIENT 2\\n']\n111\n");
    assert_eq!(result["server"]["exit"]["status"], "stopped", "{}", result["server"]);
}

/// Options as bytes, and the machine's interfaces; a C long has 4 bytes here and 8 on the machine.
#[tokio::test]
async fn options_are_bytes_too() {
    let program = js(r#"import socket, struct
a = socket.create_connection(("tutorial", 7))
a.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 5))
print(struct.unpack("ii", a.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)))
info = a.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
state, rto, ato, snd_mss = info[0], *struct.unpack_from("III", info, 8)
print(len(info), state, snd_mss)
for form in ("ll", "qq"):
    a.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack(form, 0, 200_000))
    size = struct.calcsize(form)
    print(struct.unpack(form, a.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, size)))
    try:
        a.recv(1)
    except BlockingIOError as error:
        print(error)
a.sendall(b"after all")
print(a.recv(9), a.gettimeout())
a.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")
print(a.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0"), socket.IPPROTO_GRE)
print(sorted(socket.if_nameindex())[0], socket.if_indextoname(socket.if_nametoindex("eth0")))
for value in (b"", 1):
    try:
        a.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
    except OSError as error:
        print(error)
"#);
    let result = in_a_page(&format!("return await run('client', {program});")).await;
    let again = "(0, 200000)\n[Errno 11] Resource temporarily unavailable\n".repeat(2);
    let wrong = "[Errno 22] Invalid argument\n".repeat(2);
    assert_eq!(
        text(&result),
        format!("(1, 5)\n104 1 1448\n{again}b'after all' None\nb'reno' 47\n(1, 'lo') eth0\n{wrong}")
    );
}

#[tokio::test]
async fn one_thread_serves_three_clients_with_select() {
    let server = js(r#"import select, socket
l = socket.create_server(("", 7))
open_now, done = [l], 0
while done < 3:
    for s in select.select(open_now, [], [])[0]:
        if s is l:
            open_now.append(l.accept()[0])
        elif data := s.recv(1024):
            s.sendall(data.upper())
        else:
            open_now.remove(s)
            s.close()
            done += 1
print("served", done)
"#);
    // All three are connected before any of them speaks, so one after another would not do.
    let client = js(r#"import socket
s = [socket.create_connection(("server", 7)) for _ in range(3)]
for n in (2, 0, 1):
    s[n].sendall(b"client %d" % n)
    print(s[n].recv(1024))
for one in s:
    one.close()
"#);
    let result = in_a_page(&format!(
        "const server = await start('server', 'server.py', {server});
        await until(server, waits('poll'));
        const client = await run('client', {client});
        return {{ client, server: await all(server) }};"
    ))
    .await;
    assert_eq!(text(&result["client"]), "b'CLIENT 2'\nb'CLIENT 0'\nb'CLIENT 1'\n");
    assert_eq!(text(&result["server"]), "served 3\n");
}

#[tokio::test]
async fn the_librarys_modules_on_top() {
    let library = js(r#"import http.client, selectors, socket, urllib.request
with urllib.request.urlopen("http://www.example.test/") as answer:
    print(answer.status, b"Hello from the wire" in answer.read())
connection = http.client.HTTPConnection("www.example.test", timeout=20)
connection.request("GET", "/nothing")
print(connection.getresponse().status)
print(selectors.DefaultSelector.__name__, socket.gethostname())
print(socket.gethostbyname("tutorial"), socket.getaddrinfo("tutorial", 80, type=socket.SOCK_STREAM)[0][4])
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(("127.0.0.1", 0))
u.sendto(b"datagram", u.getsockname())
print(u.recvfrom(100)[0])
import errno, os
print(errno.ECONNREFUSED, errno.EAGAIN, os.strerror(98))
"#);
    let server = js(r#"import socketserver
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        n = 0
        while data := self.rfile.read(65536):
            n += len(data)
        self.wfile.write(b"%d bytes" % n)
with socketserver.TCPServer(("", 80), Handler) as server:
    print("ready", flush=True)
    server.handle_request()
"#);
    let client = js(r#"import socket
s = socket.create_connection(("server", 80))
with s.makefile("wb") as file:
    for _ in range(256):
        file.write(bytes(4096))
s.shutdown(socket.SHUT_WR)
print(s.makefile().read())
"#);
    let result = in_a_page(&format!(
        "const library = await run('client', {library});
        const server = await start('server', 'server.py', {server});
        await until(server, (_, text) => text.includes('ready'));
        const client = await run('client', {client});
        return {{ library, client, server: await all(server) }};"
    ))
    .await;
    let expected = "200 True\n404\nEpollSelector client\n10.0.0.10 ('10.0.0.10', 80)\nb'datagram'\n\
        111 11 Address already in use\n";
    assert_eq!(text(&result["library"]), expected);
    assert_eq!(text(&result["client"]), "1048576 bytes\n");
    assert_eq!(result["server"]["exit"]["status"], "exited", "{}", result["server"]);
}

/// What is printed stands in the trace between the calls it was printed between.
#[tokio::test]
async fn output_has_its_place_in_the_trace() {
    let script = js("import socket\nprint('before')\ns = socket.socket()\nprint('after')\ns.close()\n");
    let result = in_a_page(&format!(
        "await run('client', {script}, 'script.py');
        const seen = [];
        let printing = false;
        for await (const event of room.trace()) {{
          if (event.kind === 'call' && event.phase === 'begin') seen.push(event.call);
          // A line may come in pieces, one after the other.
          if (event.kind === 'output' && printing) seen.push(seen.pop() + event.text);
          else if (event.kind === 'output') seen.push(event.text);
          if (event.kind === 'output' || event.kind === 'call') printing = event.kind === 'output';
          if (event.kind === 'call' && event.call === 'close' && event.phase === 'end') break;
        }}
        return seen;"
    ))
    .await;
    assert_eq!(result, serde_json::json!(["before\n", "socket", "after\n", "close"]));
}
