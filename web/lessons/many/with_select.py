import select
import socket

l = socket.socket()
l.setsockopt(socket.SOL_SOCKET,
             socket.SO_REUSEADDR, 1)
l.bind(("", 12345))
l.listen(5)
waiting = [l]
while True:
    # Waits for all of them at once.
    ready, _, _ = select.select(
        waiting, [], [])
    for s in ready:
        if s is l:
            c, addr = l.accept()
            waiting.append(c)
            continue
        data = s.recv(1024)
        if data:
            s.sendall(data.upper())
        else:
            waiting.remove(s)
            s.close()
