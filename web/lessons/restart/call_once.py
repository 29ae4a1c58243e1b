import socket
import time

s = socket.socket()
s.connect(("server", 12345))
print(s.recv(1024).decode())
# Time for the server to close first.
time.sleep(0.5)
s.close()
