import socket

s = socket.socket()
s.connect(("server", 12345))
for number in range(3):
    size = s.recv(2)
    length = int.from_bytes(size, "big")
    message = s.recv(length)
    print(length, "bytes:", message)
    s.sendall(b"got " + message)
s.close()
