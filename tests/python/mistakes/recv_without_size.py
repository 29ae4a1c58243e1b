import socket
s = socket.socket()
s.recv()
