import hashlib
import json
import os
import socket
import tempfile

folder = tempfile.mkdtemp()
with open(os.path.join(folder, "notes.txt"), "w", encoding="utf-8") as f:
    f.write("héllo\n" * 10)
with open(os.path.join(folder, "photo.bin"), "wb") as f:
    f.write(bytes(range(256)) * 1_200)
open(os.path.join(folder, "empty"), "w").close()


def send(path, how, short=0):
    data = open(path, "rb").read()
    about = {"name": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    with socket.create_connection(("server", 5001)) as s, open(path, "rb") as f:
        s.sendall(json.dumps(about).encode() + b"\n")
        if how == "sendfile":
            s.sendfile(f, count=len(data) - short or None) if data else None
        else:
            for piece in iter(lambda: f.read(4096), b""):
                s.sendall(piece)
        s.shutdown(socket.SHUT_WR)
        print(os.path.basename(path), how, s.recv(10).decode().strip())


for name in ("notes.txt", "photo.bin", "empty"):
    send(os.path.join(folder, name), "pieces")
send(os.path.join(folder, "photo.bin"), "sendfile")
send(os.path.join(folder, "photo.bin"), "sendfile", short=1000)
with socket.create_connection(("server", 5001)) as s:
    s.sendall(b'{"name": null}\n')
