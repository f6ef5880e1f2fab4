"""Limits on the number of connections: in total, and from one address, with and without a proxy."""

import asyncio
from collections.abc import Iterator

import pytest

from server.connections.limits import BACKLOG, choose_connection_limit, raise_descriptor_limit
from server.connections.refusals import RequestRefused
from server.connections.registry import ConnectionRegistry
from server.connections.trusted_proxies import TrustedProxies
from tests.server.connections.limited_server import LimitedServer, RawClient, limited_server, make_limits

GET = b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n"


def registry(limit: int = 10, limit_per_address: int = 2) -> ConnectionRegistry:
    limits = make_limits(limit=limit, limit_per_address=limit_per_address)
    return ConnectionRegistry(limits, TrustedProxies("10.0.0.1"))


def test_counts_in_total_and_for_each_address() -> None:
    connections = registry(limit=3)
    admitted = [connections.admit("192.0.2.1"), connections.admit("192.0.2.1"), connections.admit("192.0.2.2")]
    with pytest.raises(RequestRefused, match="too many connections"):
        connections.admit("192.0.2.3")
    admitted[2].release()
    with pytest.raises(RequestRefused, match="your address"):
        connections.admit("192.0.2.1")
    for admission in admitted:
        admission.release()
        admission.release()
    assert connections.total == 0
    assert connections._by_address == {}


def test_the_port_of_the_metrics_has_connections_beyond_the_limit() -> None:
    connections = registry(limit=1)
    connections.admit("192.0.2.1")
    for _ in range(16):
        connections.admit(None, is_for_metrics=True)
    with pytest.raises(RequestRefused, match="too many connections"):
        connections.admit(None, is_for_metrics=True)


def test_a_proxy_counts_for_the_clients_of_its_requests() -> None:
    connections = registry()
    admitted = [connections.admit("10.0.0.1") for _ in range(5)]
    for admission in admitted[:2]:
        admission.count_for("192.0.2.1")
    with pytest.raises(RequestRefused):
        admitted[2].count_for("192.0.2.1")
    admitted[2].count_for("192.0.2.2")
    admitted[0].stop_counting_address()
    admitted[2].count_for("192.0.2.1")
    for admission in admitted:
        admission.release()
    assert connections._by_address == {}


@pytest.mark.parametrize(
    ("wanted", "descriptors", "limit"),
    [(0, 1_000_000, 20_000), (0, 20_000, 20_000 - 256 - BACKLOG), (0, 1024, 512), (50, 1024, 50), (900, 1024, 512)],
)
def test_the_descriptors_bound_the_limit(wanted: int, descriptors: int, limit: int) -> None:
    assert choose_connection_limit(wanted, descriptors) == limit


def test_the_process_may_use_all_descriptors() -> None:
    assert raise_descriptor_limit() >= 1024


@pytest.fixture
def direct() -> Iterator[LimitedServer]:
    with limited_server(limit=20, limit_per_address=5, header_seconds=5) as running:
        yield running


@pytest.fixture
def proxied() -> Iterator[LimitedServer]:
    with limited_server("127.0.0.1", limit=20, limit_per_address=2, header_seconds=5) as running:
        yield running


async def open_clients(server: LimitedServer, number: int) -> list[RawClient]:
    """Open idle connections; wait until the server has accepted them."""
    clients = [await server.connect() for _ in range(number)]
    async with asyncio.timeout(10):
        while server.connections < number:
            await asyncio.sleep(0.01)
    return clients


async def test_more_connections_from_one_address_get_429(direct: LimitedServer) -> None:
    clients = await open_clients(direct, 5)
    refused = await direct.connect()
    answer = await refused.read_all()
    assert answer.startswith(b"HTTP/1.1 429 ") and b"retry-after: 10" in answer
    assert (await clients[0].exchange(GET)).startswith(b"HTTP/1.1 200 ")
    # The closed one has freed its place.
    async with asyncio.timeout(10):
        while direct.connections >= 5:
            await asyncio.sleep(0.01)
    assert (await direct.exchange(GET)).startswith(b"HTTP/1.1 200 ")
    for client in clients:
        await client.close()


async def test_more_connections_in_total_get_503_also_from_a_proxy(proxied: LimitedServer) -> None:
    clients = await open_clients(proxied, 20)
    answer = await (await proxied.connect()).read_all()
    assert answer.startswith(b"HTTP/1.1 503 ") and b"retry-after: 10" in answer
    for client in clients:
        await client.close()


async def test_500_connections_leave_room_for_others(direct: LimitedServer) -> None:
    clients = [await direct.connect() for _ in range(500)]
    for client in clients[5:]:
        assert (await client.read_all())[:12] in {b"HTTP/1.1 429", b"HTTP/1.1 503"}
    assert (await clients[0].exchange(GET)).startswith(b"HTTP/1.1 200 ")
    for client in clients[1:5]:
        await client.close()


def forwarded(address: str, path: bytes = b"/") -> bytes:
    head = b"GET %b HTTP/1.1\r\nHost: hub\r\nX-Forwarded-For: 203.0.113.9, %b\r\nX-Forwarded-Proto: https\r\n\r\n"
    return head % (path, address.encode())


async def test_a_trusted_proxy_reports_the_client(proxied: LimitedServer, direct: LimitedServer) -> None:
    answer = await proxied.exchange(forwarded("192.0.2.1"))
    assert b'"client": "192.0.2.1", "scheme": "https"' in answer
    # Without the setting, the header is a claim of the client.
    answer = await direct.exchange(forwarded("192.0.2.1"))
    assert b'"client": "127.0.0.1", "scheme": "http"' in answer


async def test_a_client_behind_a_proxy_is_limited_alone(proxied: LimitedServer) -> None:
    handshake = forwarded("192.0.2.1").replace(
        b"\r\n\r\n",
        b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    )
    sockets = [await proxied.connect() for _ in range(2)]
    for socket in sockets:
        socket.send(handshake)
        assert (await socket.read_head()).startswith(b"HTTP/1.1 101 ")
    assert (await proxied.exchange(handshake)).startswith(b"HTTP/1.1 429 ")
    proxy = await proxied.connect()
    proxy.send(forwarded("192.0.2.1"))
    assert (await proxy.read_response()).startswith(b"HTTP/1.1 429 ")
    # The connection of the proxy stays open for its other clients.
    proxy.send(forwarded("192.0.2.2"))
    assert (await proxy.read_response()).startswith(b"HTTP/1.1 200 ")
    for socket in [*sockets, proxy]:
        await socket.close()
    async with asyncio.timeout(10):
        while proxied.connections:
            await asyncio.sleep(0.01)
    assert (await proxied.exchange(forwarded("192.0.2.1"))).startswith(b"HTTP/1.1 200 ")
