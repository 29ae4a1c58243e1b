import socket
import threading

from lines import PORT, lines_of, send_line

people = {}
lock = threading.Lock()


def tell_all(text):
    print(text)
    with lock:
        for sock in people.values():
            send_line(sock, text)


def serve(sock):
    lines = lines_of(sock)
    name = next(lines, None)
    if name is None:
        return
    with lock:
        people[name] = sock
    tell_all(f"{name} is here")
    for line in lines:
        tell_all(f"{name}: {line}")
    with lock:
        del people[name]
    sock.close()
    tell_all(f"{name} has gone")


with socket.create_server(("", PORT)) as listener:
    print("waiting on port", PORT)
    while True:
        sock, address = listener.accept()
        threading.Thread(target=serve, args=(sock,), daemon=True).start()
