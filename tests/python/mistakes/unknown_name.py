import socket
print(socket.gethostbyname("no-such-machine.invalid"))
