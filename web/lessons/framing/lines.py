import socket

MESSAGES = [
    b"pay 10",
    b"pay 200",
    b"stop",
]

l = socket.socket()
l.setsockopt(socket.SOL_SOCKET,
             socket.SO_REUSEADDR, 1)
l.bind(("", 12345))
l.listen(5)
while True:
    c, addr = l.accept()
    for message in MESSAGES:
        c.sendall(message + b"\n")
    try:
        # Until the caller hangs up.
        while c.recv(1024):
            pass
    except OSError as error:
        print("it hung up:", error)
    c.close()
