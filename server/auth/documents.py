"""Fetches the JSON documents of issuers, with limits on time and size; redirects are not followed.

httpx is imported when the first client is opened: it takes 3 MB, and most servers have no issuer.
"""

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    import httpx

FETCH_SECONDS: Final = 5.0
MAX_DOCUMENT_BYTES: Final = 256 * 1024
# With its headers.
_MAX_ANSWER_BYTES: Final = MAX_DOCUMENT_BYTES + 32 * 1024
# Usual ones have 1 kB at least; each takes 20 µs, however small it is.
_MAX_PARTS: Final = 2_000


class FetchFailed(Exception):
    """A document cannot be fetched; the message says why, for an operator."""


def new_http_client() -> "httpx.AsyncClient":
    """Return a client for documents of issuers."""
    import httpx

    from jobs.integrations.limited_transport import LimitedTransport

    # An answer that unpacks to more than it weighs could not be limited: only plain answers are read.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "partnerhub"}
    context = httpx.create_ssl_context()
    # Mounted, it leaves a proxy that the environment names in its place.
    mounts = {"all://": LimitedTransport(context, _MAX_ANSWER_BYTES, 20, 0)}
    return httpx.AsyncClient(
        verify=context, mounts=mounts, follow_redirects=False, timeout=FETCH_SECONDS, headers=headers
    )


async def fetch_json(client: "httpx.AsyncClient", url: str, *, seconds: float = FETCH_SECONDS) -> Any:
    """Return the document at the address; raise FetchFailed where it is not whole within `seconds`."""
    import httpx

    try:
        async with asyncio.timeout(seconds), client.stream("GET", url) as response:
            return orjson.loads(await _read(response))
    except TimeoutError:
        raise FetchFailed(f"{url} did not answer within {seconds:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise FetchFailed(f"{url} cannot be read: {str(error) or type(error).__name__}") from None
    except orjson.JSONDecodeError:
        raise FetchFailed(f"{url} does not answer JSON") from None


async def _read(response: "httpx.Response") -> bytes:
    if response.is_redirect:
        target = response.headers.get("location", "")[:200]
        raise FetchFailed(f"{response.url} redirects to {target}: name the final address, redirects are not followed")
    if response.status_code != HTTPStatus.OK:
        raise FetchFailed(f"{response.url} answers with status {response.status_code}")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise FetchFailed(f"{response.url} answers compressed, although that was not asked for")
    content, parts = bytearray(), 0
    async for chunk in response.aiter_raw():
        content += chunk
        parts += 1
        if parts > _MAX_PARTS:
            raise FetchFailed(f"{response.url} answers in more than {_MAX_PARTS:,} parts")
        if len(content) > MAX_DOCUMENT_BYTES:
            raise FetchFailed(f"{response.url} answers more than {MAX_DOCUMENT_BYTES // 1024} KiB")
    return bytes(content)
