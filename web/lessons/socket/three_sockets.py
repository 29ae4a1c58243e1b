import socket

a = socket.socket()
b = socket.socket()
print("a is", a.fileno())
print("b is", b.fileno())

# Something is missing here: c should
# get the number that a has now.

c = socket.socket()
print("c is", c.fileno())
