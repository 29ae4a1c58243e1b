import socket

s = socket.socket()
s.bind(("", 12345))
s.listen(5)
print("listening")

while True:
    c, addr = s.accept()
    print("connection from", addr)
    c.sendall(b"Thank you for connecting")
    # Until the caller hangs up.
    while c.recv(1024):
        pass
    c.close()
