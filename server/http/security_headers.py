"""The headers that every response has unless its route sets its own: an answer is data, and no page may embed it.

A route that serves a page sets its own Content-Security-Policy. Pages of other origins may still read answers by CORS:
Cross-Origin-Resource-Policy forbids only to embed them without it.
"""

from collections.abc import Awaitable, Mapping
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

DEFAULT_HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Answers depend on the token; only the hashed files of a build say that they may be stored.
    "Cache-Control": "no-store",
}
# Browsers then use https alone for a year, also for addresses that begin with http. Other hosts of the domain may lack
# a certificate, so they are not included.
HTTPS_HEADERS: Final[Mapping[str, str]] = {"Strict-Transport-Security": "max-age=31536000"}
_RESPONSE_STARTS = {"http.response.start", "websocket.http.response.start"}


class SecurityHeaders:
    """Wraps the whole application, so that also the answers of Starlette's own error handling have the headers."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        self._defaults = [(name.encode(), value.encode()) for name, value in self.defaults(is_https=is_https).items()]

    @staticmethod
    def defaults(*, is_https: bool) -> dict[str, str]:
        """Return the headers, with names in lower case."""
        headers = {**DEFAULT_HEADERS, **(HTTPS_HEADERS if is_https else {})}
        return {name.lower(): value for name, value in headers.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application; add the missing headers where a response starts."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] in _RESPONSE_STARTS:
                message = {**message, "headers": self._complete(message.get("headers", ()))}
            return send(message)

        await self._app(scope, receive, send_with_headers)

    def _complete(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        present = {name.lower() for name, _ in headers}
        return [*headers, *[header for header in self._defaults if header[0] not in present]]
