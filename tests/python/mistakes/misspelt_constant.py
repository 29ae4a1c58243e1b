import socket
s = socket.socket(socket.AF_INT, socket.SOCK_STREAM)
