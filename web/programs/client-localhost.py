import socket

# The tutorial's own spelling: "localhost"
# is the machine this program runs on.
s = socket.socket()
s.connect(("localhost", 12345))
print(s.recv(1024).decode())
s.close()
