"""Who may use the development sign-in: programs on this machine, and pages that were opened by a loopback address."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request

from domain.failures import OperatorError
from server.app.settings import Settings

_LOOPBACK_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def is_loopback_address(host: str) -> bool:
    """Return whether a server that listens on this address is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_loopback_url(url: str) -> bool:
    """Return whether a URL has a loopback address."""
    return is_loopback_address(urlsplit(url).hostname or "")


def is_local_request(request: Request) -> bool:
    """Return whether the request comes from this machine to a loopback address, without the header of a proxy.

    A proxy on this machine that sends none of these headers, and replaces Host, is not noticed.

    The Host header is checked too: otherwise a page of another site could make its own name point to 127.0.0.1 (DNS
    rebinding), and sign in as anybody.
    """
    if any(name in request.headers for name in _PROXY_HEADERS):
        return False
    has_local_client = request.client is not None and is_loopback_address(request.client.host)
    return has_local_client and _LOOPBACK_HOST.fullmatch(request.headers.get("host", "")) is not None


def check_start(settings: Settings, host: str, workers: int) -> None:
    """Raise OperatorError where the development sign-in is on and others than programs on this machine could use it."""
    if not settings.development_sign_in:
        return
    if not is_loopback_address(host):
        raise OperatorError(
            f"The development sign-in asks for no password, so it is not served on {host}: use --host 127.0.0.1, or "
            "leave PARTNERHUB_DEVELOPMENT_SIGN_IN empty."
        )
    if settings.public_url and not is_loopback_url(settings.public_url):
        raise OperatorError("The development sign-in is for this machine: leave PARTNERHUB_PUBLIC_URL empty.")
    if settings.sign_in_issuer:
        raise OperatorError("Set PARTNERHUB_DEVELOPMENT_SIGN_IN or PARTNERHUB_SIGN_IN_ISSUER, not both.")
    if settings.local_tokens != "all":
        raise OperatorError("The development sign-in issues local tokens, which PARTNERHUB_LOCAL_TOKENS refuses.")
    if workers > 1:
        raise OperatorError("The development sign-in keeps its codes in one process: use --workers 1.")
