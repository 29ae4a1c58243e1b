import socket
import time

s = socket.socket()
s.connect(("server", 12345))
# Busy with something else for a moment.
time.sleep(0.5)
print("message:", s.recv(1024))
s.close()
