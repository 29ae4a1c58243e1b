import socket
s = socket.socket()
s.listen("5")
