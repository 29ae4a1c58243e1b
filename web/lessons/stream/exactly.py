import socket

WANTED = 10000

for number in range(3):
    s = socket.socket()
    s.connect(("server", 12345))
    got = b""
    while len(got) < WANTED:
        missing = WANTED - len(got)
        piece = s.recv(missing)
        if not piece:
            break
        got += piece
    print(len(got), "bytes")
    s.close()
