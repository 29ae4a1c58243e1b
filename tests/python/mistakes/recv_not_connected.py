import socket
s = socket.socket()
s.recv(1024)
