"""What all relays stand in front of: a WebSocket echo and a long download, over raw sockets.

One thread a connection and no parsing beyond the request's end, so that what is measured is the
relay. Prints its port.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import socket
import threading

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MASKED_HEADER = 6
BLOCK = bytes(256 * 1024)


def serve(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with sock, contextlib.suppress(ConnectionError):
        while head := request(sock):
            if b"upgrade: websocket" in head.lower():
                echo(sock, head)
                return
            download(sock, int(head.split(b" ")[1].strip(b"/")))


def request(sock: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        data = sock.recv(65536)
        if not data:
            return b""
        head += data
    return head


def echo(sock: socket.socket, head: bytes) -> None:
    """Answers each masked frame (of one size, below 126 bytes) with an unmasked one as long."""
    key = re.search(rb"(?i)sec-websocket-key: *(\S+)", head)[1]
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    sock.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    while data := sock.recv(65536):
        length = data[1] & 127
        for _ in range(len(data) // (MASKED_HEADER + length)):
            sock.sendall(bytes([0x82, length]) + bytes(length))


def download(sock: socket.socket, length: int) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
    for _ in range(length // len(BLOCK)):
        sock.sendall(BLOCK)


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    main()
