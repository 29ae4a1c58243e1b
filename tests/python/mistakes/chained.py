import socket
s = socket.socket()
try:
    s.connect(("127.0.0.1", 1))
except OSError:
    s.bnd(("", 1))
