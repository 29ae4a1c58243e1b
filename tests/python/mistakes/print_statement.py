import socket
print "hello"
