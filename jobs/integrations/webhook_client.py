"""Sends one delivery over HTTP: only to addresses that are allowed, without redirects, within limits.

The name of the receiver is resolved for each delivery, and the connection goes to the address that was checked: a name
that changes its address between the check and the connection gains nothing.
"""

import asyncio
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from ipaddress import ip_address
from ssl import SSLCertVerificationError, SSLContext, SSLError
from time import monotonic

import httpx
from msgspec import Struct

from domain.integrations.webhook_addresses import WebhookPolicy, first_allowed
from jobs.integrations.limited_transport import LimitedTransport

TIMEOUT_SECONDS = 10.0
# A receiver is not expected to send more; the connection is closed behind this.
_MAX_RESPONSE_BYTES = 16 * 1024
# With its headers and with what precedes it: to read that many takes at most 200 ms of processor time.
_MAX_ANSWER_BYTES = 3 * _MAX_RESPONSE_BYTES
# A name server that hangs must not delay the names of others.
_MAX_RESOLVING = 64


class Response(Struct, frozen=True):
    """The outcome of an attempt: the receiver's status, or the reason why there is none."""

    status: int | None
    error: str | None
    milliseconds: int

    @property
    def is_success(self) -> bool:
        """Whether the receiver has accepted the delivery."""
        return self.status is not None and 200 <= self.status < 300


class _AddressRefused(httpx.TransportError):
    """The receiver's name leads to an address that webhooks may not reach."""


class WebhookClient:
    """Sends the deliveries of one webhook; close it after use. It keeps one connection open between deliveries.

    Webhooks share no connection: two names with one address would otherwise share what was verified for one of them.
    The transport of httpx is used without its client: a delivery follows no redirect, keeps no cookie and has no
    credentials, and what the client does for these takes as long as the transport itself.
    """

    def __init__(self, policy: WebhookPolicy, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._policy, self._timeout_seconds = policy, timeout_seconds
        self._transport = LimitedTransport(trusted_certificates(), _MAX_ANSWER_BYTES, 1, 1)

    async def close(self) -> None:
        """Close the connection."""
        await self._transport.aclose()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Send the body; a failure is a response without a status."""
        began_at = monotonic()
        status, error = None, None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                status = await self._post(url, headers, body)
        except TimeoutError:
            error = f"No answer within {self._timeout_seconds:g} seconds."
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            error = _describe(failure)
        if status is not None and not 200 <= status < 300:
            error = f"The address answered {status}."
        return Response(status, error, round((monotonic() - began_at) * 1000))

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        sent = {"content-type": "application/json", "user-agent": "partnerhub-webhooks", "accept": "*/*", **headers}
        request = httpx.Request("POST", url, headers=sent, content=body)
        await self._check_address(request)
        response = await self._transport.handle_async_request(request)
        try:
            size = 0
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size > _MAX_RESPONSE_BYTES:
                    break
            return response.status_code
        finally:
            await response.aclose()

    async def _check_address(self, request: httpx.Request) -> None:
        """Let the request go to the checked address of the name, which stays in the header Host and in TLS."""
        host = request.url.host
        addresses = [ip_address(text) for text in await _resolve(host)]
        if (address := first_allowed(addresses, self._policy)) is None:
            raise _AddressRefused("The name leads to an address that webhooks may not reach.")
        request.extensions = {"sni_hostname": host}
        request.url = request.url.copy_with(host=str(address))


async def _resolve(host: str) -> list[str]:
    """Return the addresses of a name or of an address in text form; raise ConnectError."""
    with suppress(ValueError):
        return [str(ip_address(host))]
    loop = asyncio.get_running_loop()
    try:
        found = await loop.run_in_executor(
            _resolvers(), lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        )
    except (OSError, UnicodeError):
        raise httpx.ConnectError("The name of the address cannot be resolved.") from None
    # A scope (`fe80::1%eth0`) is not part of the address.
    return [str(each[4][0]).partition("%")[0] for each in found]


@cache
def _resolvers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_MAX_RESOLVING, "webhook names")


@cache
def trusted_certificates() -> SSLContext:
    """Return the context of connections to receivers, one for all."""
    # To load the certificates takes 20 ms. SSL_CERT_FILE names others, as for the mail server.
    return httpx.create_ssl_context()


def _has_cause(failure: BaseException | None, kind: type[BaseException]) -> bool:
    """Return whether the failure, or what led to it, is of this kind: the library wraps failures of TLS."""
    return failure is not None and (isinstance(failure, kind) or _has_cause(failure.__context__, kind))


def _describe(failure: Exception) -> str:
    """Return one sentence; nothing of it comes from the receiver."""
    match failure:
        case _AddressRefused():
            return str(failure)
        case httpx.ConnectError() if "resolved" in str(failure):
            return str(failure)
        case httpx.ConnectError() if _has_cause(failure, SSLCertVerificationError):
            return "The certificate of the address is not valid for its name, or its authority is not trusted."
        case httpx.ConnectError() if _has_cause(failure, SSLError):
            return "The address does not answer as an https server."
        case httpx.ConnectError():
            return "The address cannot be connected to."
        case _:
            return "The connection was closed, or the answer is not HTTP."
