"""Which web pages may call this server: those of the allowed origins, and those that it serves itself."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from structlog import get_logger

# A caller can send any number of different origins: each of the first ones is logged once.
_MAX_LOGGED = 100
_MAX_SHOWN_CHARACTERS = 200
_log = get_logger()
_logged: set[str] = set()


def origin_of(address: str) -> str:
    """Return the origin of an address: scheme, host and port."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def is_accepted_origin(headers: Headers, allowed: Collection[str]) -> bool:
    """Return whether a request comes from no page, from a page of this server, or from an allowed one."""
    origin, host = headers.get("origin"), headers.get("host")
    return origin is None or origin in allowed or origin in {f"http://{host}", f"https://{host}"}


def log_refused_origin(origin: str, path: str) -> None:
    """Log an origin that was refused, with what would allow it."""
    shown = origin[:_MAX_SHOWN_CHARACTERS]
    if shown in _logged or len(_logged) >= _MAX_LOGGED:
        return
    _logged.add(shown)
    advice = "Add it to PARTNERHUB_ALLOWED_ORIGINS; if it is this server behind a proxy, set PARTNERHUB_PUBLIC_URL."
    _log.warning("origin refused", origin=shown, path=path, advice=advice)
