import socket
import threading
import time

s = socket.socket()
s.connect(("server", 12345))
lock = threading.Lock()


def say(name, text):
    with lock:
        s.sendall(name)
    # Finds the right words.
    time.sleep(0.5)
    with lock:
        s.sendall(text)


ann = threading.Thread(target=say, args=(
    b"Ann: ", b"see you at ten\n"))
bob = threading.Thread(target=say, args=(
    b"Bob: ", b"bring the map\n"))
ann.start()
bob.start()
ann.join()
bob.join()
s.close()
