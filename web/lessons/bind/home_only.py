import socket

s = socket.socket()
s.setsockopt(socket.SOL_SOCKET,
             socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 12345))
s.listen(5)
print("listening at", s.getsockname())

while True:
    c, addr = s.accept()
    print("visited by", addr)
    c.sendall(b"Welcome")
    # Until the visitor hangs up.
    c.recv(1)
    c.close()
