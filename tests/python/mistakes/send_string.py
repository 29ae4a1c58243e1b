import socket
l = socket.create_server(("127.0.0.1", 0))
s = socket.create_connection(l.getsockname())
s.send("hello")
