"""Addresses as text and as bytes, as inet_pton(3) and inet_ntop(3) have them. Pyodide's own know no IPv6."""

from _builtin_socket import inet_aton, inet_ntoa

from _vocabulary import AF_INET, AF_INET6

_ILLEGAL = "illegal IP address string passed to inet_pton"


def inet_pton(family, text, /):
    """The bytes of an address."""
    if family == AF_INET:
        if text.count(".") != 3:
            raise OSError(_ILLEGAL)
        return b"".join(_byte(part).to_bytes() for part in text.split("."))
    if family == AF_INET6:
        return _pton6(text)
    raise OSError(97, "Address family not supported by protocol")


def inet_ntop(family, packed, /):
    """An address's text."""
    packed = bytes(packed)
    if family not in (AF_INET, AF_INET6):
        raise ValueError(f"unknown address family {family}")
    if len(packed) != (4 if family == AF_INET else 16):
        raise ValueError("invalid length of packed IP address string")
    return inet_ntoa(packed) if family == AF_INET else _ntop6(packed)


def _byte(part):
    if not (part.isascii() and part.isdigit() and len(part) <= 3 and int(part) <= 255) or (len(part) > 1 and part[0] == "0"):
        raise OSError(_ILLEGAL)
    return int(part)


def _pton6(text):
    head, gap, tail = text.partition("::")
    first, last = _words(head, last=not gap), _words(tail, last=True)
    missing = 16 - len(first) - len(last)
    if (missing < 2 if gap else missing != 0) or "::" in tail or tail.startswith(":"):
        raise OSError(_ILLEGAL)
    return first + bytes(missing) + last


def _words(text, last):
    """Groups of four digits between colons; the last may be an IPv4 address."""
    if text == "":
        return b""
    groups = text.split(":")
    end = inet_pton(AF_INET, groups.pop()) if last and "." in groups[-1] else b""
    if not all(0 < len(group) <= 4 and set(group) <= set("0123456789abcdefABCDEF") for group in groups):
        raise OSError(_ILLEGAL)
    return b"".join(int(group, 16).to_bytes(2) for group in groups) + end


def _ntop6(packed):
    words = [int.from_bytes(packed[at : at + 2]) for at in range(0, 16, 2)]
    # The longest run of zeros, the first where two are as long.
    length, start = max((_zeros(words, at), -at) for at in range(8))
    start = -start
    if length < 2:
        return ":".join(f"{word:x}" for word in words)
    if start == 0 and (length == 6 or (length == 5 and words[5] == 0xFFFF)):
        return ("::" if length == 6 else "::ffff:") + inet_ntoa(packed[12:])
    before, after = words[:start], words[start + length :]
    return ":".join(f"{word:x}" for word in before) + "::" + ":".join(f"{word:x}" for word in after)


def _zeros(words, at):
    end = at
    while end < 8 and words[end] == 0:
        end += 1
    return end - at


__all__ = ["inet_aton", "inet_ntoa", "inet_ntop", "inet_pton"]
