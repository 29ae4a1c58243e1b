import socket

name = "www.google.com"
# Offline? This room has a stand-in:
# name = "www.example.test"

ip = socket.gethostbyname(name)
print(name, "is", ip)

s = socket.socket()
s.connect((ip, 80))
print("connected")

s.sendall(b"GET / HTTP/1.0\r\n\r\n")
print(s.recv(1024).decode("latin-1"))
s.close()
