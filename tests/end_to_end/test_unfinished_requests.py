"""Clients that send half a request, of one address: descriptors and memory are bounded, and others are answered."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from bench.hostile_cases import HANDSHAKE, text_frame
from tests.forked_command import ForkedCommand
from tests.server_process import ServerHarness, stop, wait_until_ready

DESCRIPTORS, MAX_MEMORY_MB = 512, 40.0
# Not the address of the other clients.
ADDRESS = ("127.0.0.3", 0)
PART = 900_000


@pytest.fixture
def server(mongo_uri: str, database_name: str) -> Iterator[tuple[ServerHarness, ForkedCommand]]:
    harness = ServerHarness(mongo_uri, database_name)
    harness.make_partner()
    with ForkedCommand(["serve", "--port", "0"], harness.environment, descriptors=DESCRIPTORS) as process:
        try:
            harness.url = wait_until_ready(process)
            yield harness, process
        finally:
            stop(process)


def test_half_requests_exhaust_nothing(server: tuple[ServerHarness, ForkedCommand]) -> None:
    harness, process = server
    _check_others(harness)
    head = b"POST /graphql HTTP/1.1\r\nHost: hub\r\n"
    authorization = f"Authorization: Bearer {harness.token()}\r\n".encode()
    body = head + authorization + b"Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n" + b" " * PART
    init = text_frame({"type": "connection_init", "payload": {"authorization": f"Bearer {harness.token()}"}})
    before = _reset_peak_memory(process.pid)
    with _held(harness, 400, head):
        _check_others(harness)
    with _held(harness, 200, body):
        _check_others(harness)
    with _held(harness, 200, HANDSHAKE.encode() + init, b"\x81\xff" + (1_000_000).to_bytes(8, "big") + bytes(PART)):
        _check_others(harness)
    assert _peak_memory(process.pid) - before <= MAX_MEMORY_MB


@contextmanager
def _held(harness: ServerHarness, number: int, first: bytes, second: bytes = b"") -> Iterator[None]:
    """Keep connections open that have sent `first`, and `second` after a websocket was acknowledged."""
    url = urlsplit(harness.url)
    with ExitStack() as stack:
        for _ in range(number):
            connection = socket.create_connection((url.hostname or "", url.port or 0), 10, source_address=ADDRESS)
            stack.enter_context(connection)
            # The server may refuse the connection, or close it early.
            with suppress(OSError):
                connection.sendall(first)
                received = b""
                while second and b"connection_ack" not in received and (piece := connection.recv(4096)):
                    received += piece
                connection.sendall(second)
        yield


def _check_others(harness: ServerHarness) -> None:
    """Check that a client of another address is answered, also by the database."""
    assert httpx.get(f"{harness.url}/livez", timeout=10).status_code == 200
    padding = " " * 10_000
    assert harness.query("{ customers(first: 1) { totalCount } }" + padding)["data"]["customers"]


def _reset_peak_memory(pid: int) -> float:
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _peak_memory(pid)


def _peak_memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
