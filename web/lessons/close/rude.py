import socket
import time

s = socket.socket()
s.setsockopt(socket.SOL_SOCKET,
             socket.SO_REUSEADDR, 1)
s.bind(("", 12345))
s.listen(5)
print("listening")

while True:
    c, addr = s.accept()
    # Time for the question to come.
    time.sleep(0.5)
    c.sendall(b"Thank you for connecting")
    c.close()
