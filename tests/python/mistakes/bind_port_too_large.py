import socket
s = socket.socket()
s.bind(("", 70000))
