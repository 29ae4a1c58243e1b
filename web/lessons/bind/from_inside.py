import socket

# The machine that this runs on.
s = socket.socket()
s.connect(("127.0.0.1", 12345))
print(s.recv(1024).decode())
s.close()
