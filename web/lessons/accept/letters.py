import socket

s = socket.socket()
s.setsockopt(socket.SOL_SOCKET,
             socket.SO_REUSEADDR, 1)
s.bind(("", 12345))
s.listen(5)
print("listening")

c, addr = s.accept()
print("A is for", addr)
c.sendall(b"A")
# Something is missing here.

# Until the caller hangs up.
c.recv(1)
c.close()
s.close()
