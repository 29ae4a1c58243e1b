"""Messages on a stream: a line each."""

PORT = 5000


def send_line(sock, text):
    sock.sendall(text.encode() + b"\n")


def lines_of(sock):
    rest = b""
    while data := sock.recv(1024):
        rest += data
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield line.decode()
