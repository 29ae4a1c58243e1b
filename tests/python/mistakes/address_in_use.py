import socket
l = socket.create_server(("127.0.0.1", 0))
s = socket.socket()
s.bind(l.getsockname())
