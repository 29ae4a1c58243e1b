import socket
s = socket.socket()
s.bind(("203.0.113.7", 0))
