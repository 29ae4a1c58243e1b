import socket

l = socket.socket()
l.setsockopt(socket.SOL_SOCKET,
             socket.SO_REUSEADDR, 1)
l.bind(("", 12345))
l.listen(5)
while True:
    c, addr = l.accept()
    said = b""
    while True:
        piece = c.recv(1024)
        if not piece:
            break
        said += piece
    c.close()
    print(said.decode())
