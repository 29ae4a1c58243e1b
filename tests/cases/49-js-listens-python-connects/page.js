// A server in a web page: JavaScript listens on the machine "server", unmodified Python connects from "client".
const { openRoom } = await import("/client/wireside.js");
const room = await openRoom();
const program = await room.program("server", { name: "js-server", lifetime: "page" });
const listener = await program.socket();
await listener.setsockopt("SO_REUSEADDR", 1);
await listener.bind(["", 7070]);
await listener.listen(5);
const run = await room.run("client", "visitor.py", `
import socket, sys
with socket.create_connection(("server", 7070)) as s:
    s.sendall(b"hello from " + sys.argv[1].encode())
    s.shutdown(socket.SHUT_WR)
    print("heard", s.makefile().read())
`, { args: ["python"] });
const [conn, [address, port]] = await listener.accept();
let text = "";
for (let piece; (piece = await conn.recv(1000)).length > 0; ) text += new TextDecoder().decode(piece);
console.log("accepted", address, port > 1023, JSON.stringify(text));
await conn.sendall(`you said: ${text}`);
await conn.close();
let printed = "";
for await (const { text } of run.output) printed += text;
console.log("python printed:", JSON.stringify(printed));
console.log("python ended:", (await run.exit).status, (await run.exit).code);
const none = await listener.accept({ wait: 200 }).catch((error) => error);
console.log("nobody else:", none.code);
room.close();
