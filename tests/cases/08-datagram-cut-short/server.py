# Asks for less than a datagram holds, in the ways that students and books do.
import socket

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 6011))
print("recvfrom(4):", s.recvfrom(4)[0])
s.settimeout(1)
try:
    print("and the rest:", s.recvfrom(100)[0])
except TimeoutError:
    print("and the rest: gone")
s.sendto(b"go on", ("client", 6012))
print("peek:", s.recvfrom(100, socket.MSG_PEEK)[0], "then:", s.recvfrom(100)[0])
room = bytearray(6)
count, who = s.recvfrom_into(room)
print("recvfrom_into:", count, bytes(room))
try:
    count, who = s.recvfrom_into(room, 6, socket.MSG_TRUNC)
    print("with MSG_TRUNC:", count, "(the true length)")
except Exception as problem:
    print("with MSG_TRUNC:", type(problem).__name__, problem)
try:
    data, _, flags, who = s.recvmsg(6)
    print("recvmsg:", data, "cut" if flags & socket.MSG_TRUNC else "whole")
except Exception as problem:
    print("recvmsg:", type(problem).__name__, problem)
print("an empty datagram:", s.recvfrom(100)[0])
