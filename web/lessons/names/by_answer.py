import socket

NAME = "tutorial"
PORT = 12345

# The address that it has now.
ip = socket.gethostbyname(NAME)

s = socket.socket()
s.connect((ip, PORT))
print(s.recv(1024).decode())
s.close()
