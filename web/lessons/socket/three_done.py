import socket

a = socket.socket()
b = socket.socket()
print("a is", a.fileno())
print("b is", b.fileno())

# Now the number of a is free.
a.close()

c = socket.socket()
print("c is", c.fileno())
