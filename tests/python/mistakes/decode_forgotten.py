import socket
l = socket.create_server(("127.0.0.1", 0))
s = socket.create_connection(l.getsockname())
conn, address = l.accept()
conn.send(b"42")
print("the answer is " + s.recv(10))
