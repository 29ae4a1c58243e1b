import socket

s = socket.socket()
s.bind(("", 12345))
s.listen(5)
print("listening")

while True:
    c, addr = s.accept()
    print("connection from", addr)
    c.sendall(b"Thank you for connecting")
    c.close()
