import socket


def call():
    s = socket.socket()
    s.settimeout(2)
    s.connect(("server", 12345))
    return s


def ask(s, words):
    s.sendall(words)
    try:
        print(s.recv(1024))
    except TimeoutError:
        print(words, "no answer in 2 s")
    s.close()


first = call()
second = call()
# The first says nothing for now.
ask(second, b"second")
ask(first, b"first")
