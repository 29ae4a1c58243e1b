import socket

s = socket.socket()
s.setsockopt(socket.SOL_SOCKET,
             socket.SO_REUSEADDR, 1)
s.bind(("", 12345))
s.listen(5)
print("listening")

while True:
    c, addr = s.accept()
    print("connection from", addr)
    c.sendall(b"Thank you for connecting")
    c.close()
