import socket
import time

s = socket.socket()
s.setsockopt(socket.SOL_SOCKET,
             socket.SO_REUSEADDR, 1)
s.bind(("", 12345))
# Now the kernel answers.
s.listen(5)
print("busy for ten minutes")
time.sleep(600)
