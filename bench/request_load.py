"""A client of HTTP that costs little: it sends ready requests over some connections and counts the answers."""

import select
import socket
from collections.abc import Sequence
from itertools import cycle
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

CONNECTIONS = 16
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class RequestLoad:
    """Connections to one server, which stay open between the blocks of a measurement."""

    def __init__(
        self, url: str, bodies: Sequence[bytes], headers: Sequence[str] = (), *, connections: int = CONNECTIONS
    ) -> None:
        address, self.size = urlsplit(url), connections
        self._address = (address.hostname or "", address.port or 80)
        lines = [f"POST /graphql HTTP/1.1\r\nHost: {address.netloc}", "Content-Type: application/json", *headers]
        head = "\r\n".join(lines)
        self._requests = cycle([f"{head}\r\nContent-Length: {len(b)}\r\n\r\n".encode() + b for b in bodies])
        self._connections: dict[int, socket.socket] = {}
        self._received: dict[int, bytes] = {}
        self._epoll = select.epoll()

    def __enter__(self) -> Self:
        for _ in range(self.size):
            connection = socket.create_connection(self._address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections[connection.fileno()] = connection
            self._epoll.register(connection, select.EPOLLIN)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _failure: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._epoll.close()
        for connection in self._connections.values():
            connection.close()

    def run(self, requests: int) -> None:
        """Send the requests, each connection one after another; return when all are answered with 200."""
        unsent = requests
        for fd in self._connections:
            unsent -= self._send(fd, unsent)
        unanswered = requests
        while unanswered:
            for fd, _ in self._epoll.poll(30) or _raise_timeout():
                if self._read(fd):
                    unanswered -= 1
                    unsent -= self._send(fd, unsent)

    def answer(self) -> bytes:
        """Send one request; return the body of its answer."""
        connection = next(iter(self._connections.values()))
        connection.sendall(next(self._requests))
        received = b""
        while (size := _message_size(received)) is None or len(received) < size:
            received += _receive(connection)
        assert received.startswith(b"HTTP/1.1 200"), received
        return received.partition(_HEAD_END)[2]

    def _send(self, fd: int, unsent: int) -> int:
        if not unsent:
            return 0
        self._received[fd] = b""
        self._connections[fd].sendall(next(self._requests))
        return 1

    def _read(self, fd: int) -> bool:
        """Read what has arrived; return whether the answer is complete."""
        received = self._received[fd] = self._received[fd] + _receive(self._connections[fd])
        size = _message_size(received)
        if size is None or len(received) < size:
            return False
        assert received.startswith(b"HTTP/1.1 200"), received
        return True


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(262_144)
    assert data, "The server closed a connection."
    return data


def _message_size(received: bytes) -> int | None:
    end = received.find(_HEAD_END)
    if end < 0:
        return None
    head = received[:end].lower()
    length = head[head.index(_LENGTH) + len(_LENGTH) :].partition(b"\r\n")[0]
    return end + len(_HEAD_END) + int(length)


def _raise_timeout() -> list[tuple[int, int]]:
    raise TimeoutError("The server does not answer.")
