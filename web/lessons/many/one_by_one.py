import socket


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
    print("serving", addr)
    try:
        serve(c)
    except ConnectionError as error:
        # It did not want to wait so long.
        print("it was gone:", error)
