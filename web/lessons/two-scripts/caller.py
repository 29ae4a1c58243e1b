import socket

s = socket.socket()
s.connect(("server", 23456))
print(s.recv(1024))
s.close()
