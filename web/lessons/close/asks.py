import socket

s = socket.socket()
s.connect(("server", 12345))
s.sendall(b"Who are you?")
while True:
    data = s.recv(1024)
    print(data)
    if not data:
        break
s.close()
