"""Documents of issuers: limited in time and size, and every failure is explained."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from server.auth.documents import MAX_DOCUMENT_BYTES, FetchFailed, fetch_json, new_http_client

URL = "https://login.example.com/keys"


async def fetch(answer: Callable[[httpx.Request], httpx.Response]) -> object:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        return await fetch_json(client, URL)


def response(content: bytes, status: int = 200, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(status, headers=named, stream=httpx.ByteStream(content))


async def test_returns_the_document_up_to_the_limit() -> None:
    assert await fetch(response(b'{"keys": []}')) == {"keys": []}
    assert await fetch(response(b"1".ljust(MAX_DOCUMENT_BYTES), content_encoding="identity")) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (response(b"1".ljust(MAX_DOCUMENT_BYTES + 1)), "answers more than 256 KiB"),
        (response(b"<html>"), "does not answer JSON"),
        (response(b""), "does not answer JSON"),
        (response(b"\xff\xfe"), "does not answer JSON"),
        (response(b"[" * 5_000), "does not answer JSON"),
        (response(b"1", 404), "answers with status 404"),
        (response(b"1", 204), "answers with status 204"),
        (response(b"1", 302, location="http://169.254.169.254/"), "redirects to http://169.254.169.254/: name the"),
        (response(b"1", content_encoding="gzip"), "answers compressed"),
    ],
)
async def test_explains_answers_that_are_not_read(
    answer: Callable[[httpx.Request], httpx.Response], reason: str
) -> None:
    with pytest.raises(FetchFailed, match=reason) as failed:
        await fetch(answer)
    assert URL in str(failed.value)


async def test_a_long_redirect_is_shortened() -> None:
    with pytest.raises(FetchFailed) as failed:
        await fetch(response(b"", 301, location="https://elsewhere.example/" + "x" * 5_000))
    assert len(str(failed.value)) < 400


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ReadError(""), httpx.RemoteProtocolError("bad")]
)
async def test_failures_of_the_connection_are_explained(error: httpx.HTTPError) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(FetchFailed, match=rf"{URL} cannot be read: {str(error) or 'ReadError'}"):
        await fetch(fail)


async def test_an_answer_without_an_end_is_not_read_on() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 64 * 1024
            yield b" " * 64 * 1024

    with pytest.raises(FetchFailed, match="more than 256 KiB"):
        await fetch(lambda _: httpx.Response(200, content=endless()))
    assert sent <= MAX_DOCUMENT_BYTES + 2 * 64 * 1024


async def test_the_client_follows_nothing_and_asks_for_plain_answers() -> None:
    async with new_http_client() as client:
        assert not client.follow_redirects
        assert client.headers["Accept-Encoding"] == "identity"
        assert client.timeout.read == 5.0
