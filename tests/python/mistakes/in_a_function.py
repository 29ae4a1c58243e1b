import socket

def main():
    for port in ("80", 80):
        socket.create_connection(("127.0.0.1", port, 3))

main()
