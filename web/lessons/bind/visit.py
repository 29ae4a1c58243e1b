import socket

s = socket.socket()
s.connect(("server", 12345))
print(s.recv(1024).decode())
s.close()
