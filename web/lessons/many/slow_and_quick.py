import socket
import time


def call():
    s = socket.socket()
    s.connect(("server", 12345))
    return s


first = call()
second = call()
first.sendall(b"slow")
# The server has begun with the slow one.
time.sleep(0.3)
second.sendall(b"quick")
began = time.monotonic()
print(second.recv(1024))
took = time.monotonic() - began
print("after", round(took, 1), "s")
print(first.recv(1024))
second.close()
first.close()
