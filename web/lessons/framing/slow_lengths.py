import socket
import time

MESSAGES = [
    b"pay 10",
    b"pay 200",
    b"stop",
]

stream = b""
for message in MESSAGES:
    length = len(message)
    size = length.to_bytes(2, "big")
    stream += size + message

l = socket.socket()
l.setsockopt(socket.SOL_SOCKET,
             socket.SO_REUSEADDR, 1)
l.bind(("", 12345))
l.listen(5)
while True:
    c, addr = l.accept()
    try:
        # Five bytes at a time.
        left = stream
        while left:
            c.sendall(left[:5])
            left = left[5:]
            time.sleep(0.5)
        # Until the caller hangs up.
        while c.recv(1024):
            pass
    except OSError as error:
        print("it hung up:", error)
    c.close()
