import socket

s = socket.socket()
port = 12345
s.bind(("", port))
s.listen(5)
print("listening on", port)

while True:
    c, addr = s.accept()
    print("connection from", addr)
    c.sendall(b"Thank you for connecting")
    c.close()
