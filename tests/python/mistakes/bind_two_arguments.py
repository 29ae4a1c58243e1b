import socket
s = socket.socket()
s.bind("", 12345)
