import socket


def exactly(s, count):
    got = b""
    while len(got) < count:
        piece = s.recv(count - len(got))
        if not piece:
            raise EOFError("it hung up")
        got += piece
    return got


s = socket.socket()
s.connect(("server", 12345))
for number in range(3):
    size = exactly(s, 2)
    length = int.from_bytes(size, "big")
    message = exactly(s, length)
    print(length, "bytes:", message)
    s.sendall(b"got " + message)
s.close()
