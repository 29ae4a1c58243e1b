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
d, addr = s.accept()
print("B is for", addr)
d.sendall(b"B")

# Until the callers hang up.
c.recv(1)
c.close()
d.recv(1)
d.close()
s.close()
