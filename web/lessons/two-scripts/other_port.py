import socket

s = socket.socket()
s.setsockopt(socket.SOL_SOCKET,
             socket.SO_REUSEADDR, 1)
port = 23456
s.bind(("", port))
s.listen(5)
print("waiting on port", port)
while True:
    c, addr = s.accept()
    print("called by", addr)
    c.send(b"Hello from another port")
    c.close()
