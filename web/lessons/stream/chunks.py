import socket

# 10,000 bytes, then some more,
# cut in another way for each caller.
CUTS = [10008, 1000, 700]

s = socket.socket()
s.setsockopt(socket.SOL_SOCKET,
             socket.SO_REUSEADDR, 1)
s.bind(("", 12345))
s.listen(5)
for cut in CUTS:
    c, addr = s.accept()
    print("called by", addr)
    data = b"x" * 10000 + b"and more"
    try:
        while data:
            c.sendall(data[:cut])
            data = data[cut:]
        # Until the caller closes.
        c.recv(1)
    except OSError as error:
        print("the caller closed:", error)
    c.close()
s.close()
