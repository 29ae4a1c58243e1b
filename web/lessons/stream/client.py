import socket

for number in range(3):
    s = socket.socket()
    s.connect(("server", 12345))
    # Is this what you want?
    got = s.recv(10000)
    print(len(got), "bytes")
    s.close()
