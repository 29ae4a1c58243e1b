import socket

NAME = "tutorial"
PORT = 12345

# This was its address last year.
ip = "10.0.0.1"

s = socket.socket()
s.connect((ip, PORT))
print(s.recv(1024).decode())
s.close()
