import socket

s = socket.socket()
s.connect(("server", 12345))
rest = b""
for number in range(3):
    # As often as it takes.
    while b"\n" not in rest:
        piece = s.recv(8)
        if not piece:
            raise EOFError("it hung up")
        rest += piece
    message, rest = rest.split(b"\n", 1)
    print("message:", message)
    s.sendall(b"got " + message)
s.close()
