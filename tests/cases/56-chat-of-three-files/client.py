import socket
import sys
import threading

from lines import PORT, lines_of, send_line

if len(sys.argv) != 3:
    sys.exit("usage: client.py NAME HOST")
name, host = sys.argv[1:]


def hear(sock):
    for line in lines_of(sock):
        print(line)


sock = socket.create_connection((host, PORT))
send_line(sock, name)
threading.Thread(target=hear, args=(sock,), daemon=True).start()
try:
    while True:
        send_line(sock, input())
except (EOFError, KeyboardInterrupt):
    print("leaving")
    sock.close()
