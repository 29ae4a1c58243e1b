import socket
import time

s = socket.socket()
s.connect(("server", 12345))
s.sendall(b"hello")
print("sent")
# Time to look at the wire.
time.sleep(2)
s.close()
