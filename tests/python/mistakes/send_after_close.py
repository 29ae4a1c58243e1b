import socket
s = socket.socket()
s.close()
s.send(b"hello")
