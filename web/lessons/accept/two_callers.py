import socket

a = socket.socket()
a.connect(("server", 12345))
b = socket.socket()
b.connect(("server", 12345))

for name, s in [("a", a), ("b", b)]:
    s.settimeout(2)
    try:
        print(name, "got", s.recv(10))
    except OSError as error:
        print(name, "got nothing:", error)
a.close()
b.close()
