"""Addresses are checked at each delivery, and answers are limited."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from domain.integrations.webhook_addresses import WebhookPolicy, parse_networks
from jobs.integrations import webhook_client
from jobs.integrations.webhook_client import Response, WebhookClient
from tests.jobs.integrations.mail_server import make_certificate
from tests.jobs.integrations.receiver import Receiver, running_receiver

LOOPBACK = WebhookPolicy(parse_networks("127.0.0.0/8, ::1/128"), is_http_allowed=True)
REFUSED = "The name leads to an address that webhooks may not reach."


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


async def _post(url: str, policy: WebhookPolicy = LOOPBACK, seconds: float = 10.0) -> Response:
    client = WebhookClient(policy, seconds)
    try:
        return await client.post(url, {"webhook-id": "evt_1"}, b"{}")
    finally:
        await client.close()


async def test_a_delivery_keeps_the_name_of_the_host(receiver: Receiver) -> None:
    port = receiver.url.rpartition(":")[2]
    assert (await _post(f"http://localhost:{port}/")).is_success
    (delivery,) = await asyncio.to_thread(receiver.wait_for, 1)
    assert delivery.headers["host"] == f"localhost:{port}" and delivery.headers["webhook-id"] == "evt_1"


async def test_private_addresses_are_refused_also_behind_names(receiver: Receiver) -> None:
    for url in (receiver.url, receiver.url.replace("127.0.0.1", "localhost"), "https://[::ffff:127.0.0.1]/"):
        response = await _post(url, WebhookPolicy(is_http_allowed=True))
        assert (response.status, response.error) == (None, REFUSED)
    assert receiver.wait_for(0) == []


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "127.0.0.1.", "localhost.", "LOCALHOST"),
        *("127.0.0.1%2e", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]"),
        *("[2002:7f00:1::]", "[::ffff:0:7f00:1]", "[fe80::1%25lo]", "a.example@127.0.0.1", "127.0.0.1#@a.example"),
        *("①②⑦.0.0.1", "127。0。0。1", "a.example\\@127.0.0.1", "169.254.169.254", "192.0.0.192"),
    ],
)
async def test_no_spelling_of_a_private_address_is_reached(receiver: Receiver, host: str) -> None:
    """Those that are addresses of this machine would reach the receiver, whose port they have."""
    port = receiver.url.rpartition(":")[2]
    response = await _post(f"http://{host}:{port}/", WebhookPolicy(is_http_allowed=True))
    assert response.status is None and response.error is not None
    assert receiver.wait_for(0) == []


async def test_a_name_that_changes_its_address_is_refused(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = iter(["127.0.0.1", "10.0.0.1"])

    def resolve(_host: str, *_: Any, **_options: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(addresses), 0))]

    client = WebhookClient(LOOPBACK)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    try:
        url = receiver.url.replace("127.0.0.1", "hooks.example")
        assert (await client.post(url, {}, b"{}")).is_success
        # The open connection to the first address is not used either.
        assert (await client.post(url, {}, b"{}")).error == REFUSED
    finally:
        await client.close()
    assert len(receiver.wait_for(0)) == 1


async def test_a_slow_receiver_is_a_failure(receiver: Receiver) -> None:
    response = await _post(f"{receiver.url}/hanging", seconds=0.2)
    assert response.error == "No answer within 0.2 seconds."


async def test_a_receiver_that_is_not_there_is_a_failure() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        response = await _post(f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert response.error == "The address cannot be connected to."


async def test_only_a_trusted_certificate_of_the_name_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    refused = "The certificate of the address is not valid for its name, or its authority is not trusted."
    async with await asyncio.start_server(handle, "127.0.0.1", 0, ssl=make_certificate(tmp_path)) as server:
        port = server.sockets[0].getsockname()[1]
        # The certificate is of localhost, and signs itself.
        assert (await _post(f"https://localhost:{port}/")).error == refused
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        webhook_client.trusted_certificates.cache_clear()
        try:
            assert (await _post(f"https://localhost:{port}/")).is_success
            assert (await _post(f"https://127.0.0.1:{port}/")).error == refused
        finally:
            webhook_client.trusted_certificates.cache_clear()
    assert [b"host: localhost:" in head.lower() for head in heads] == [True]


async def test_a_name_server_that_hangs_delays_no_other_name(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, is_asked = threading.Event(), threading.Event()

    def resolve(host: str, *_: Any, **_options: Any) -> list[Any]:
        if host == "slow.example":
            is_asked.set()
            answered.wait(60)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    slow = asyncio.create_task(_post("http://slow.example/", seconds=60))
    await asyncio.to_thread(is_asked.wait, 30)
    assert (await _post(receiver.url.replace("127.0.0.1", "fast.example"))).is_success and not slow.done()
    # The time for a name is a part of the ten seconds.
    assert (await _post("http://slow.example/", seconds=0.2)).error == "No answer within 0.2 seconds."
    answered.set()
    slow.cancel()
    await asyncio.wait({slow})


async def _post_to(answer: bytes) -> Response:
    """Return the response of a receiver that sends these bytes to every request."""
    has_ended = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        # The sender closes the connection.
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        has_ended.set()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        response = await _post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await has_ended.wait()
    return response


async def test_an_address_without_https_is_named_so(receiver: Receiver) -> None:
    response = await _post(receiver.url.replace("http:", "https:"))
    assert response.error == "The address does not answer as an https server."


async def test_a_wrong_answer_is_a_failure() -> None:
    response = await _post_to(b"SSH-2.0\r\n\r\n")
    assert response.error == "The connection was closed, or the answer is not HTTP."


async def test_a_long_answer_is_not_read_to_its_end() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n"
    assert (await _post_to(head + b"x" * 100_000)).status == 200
