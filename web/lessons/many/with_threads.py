import socket
import threading


def serve(c):
    while True:
        data = c.recv(1024)
        if not data:
            break
        c.sendall(data.upper())
    c.close()


l = socket.socket()
l.setsockopt(socket.SOL_SOCKET,
             socket.SO_REUSEADDR, 1)
l.bind(("", 12345))
l.listen(5)
while True:
    c, addr = l.accept()
    # Its own thread serves this caller.
    threading.Thread(target=serve,
                     args=(c,)).start()
