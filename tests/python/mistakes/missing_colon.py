import socket
while True
    pass
