"""POST /graphql in one pass: what Starlette and the middleware do for it, without them.

They take as long as the answer of a response that is kept. Everything else takes the general way: requests of pages of
other origins, and all requests under an ASGI server other than the one that `partnerhub serve` starts. A test compares
the responses of both.
"""

from collections.abc import Mapping
from time import monotonic
from typing import Any, Final

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from server.connections.request_writer import RequestWriter, encode_headers, find_request_writer
from server.http.compression import MIN_BYTES, choose_encoding, compress
from server.http.concurrent_requests import RequestCount
from server.http.graphql import MEDIA_TYPES, answer_request, fixed_headers
from server.http.security_headers import SecurityHeaders
from server.telemetry.operation_metrics import count_request
from server.telemetry.request_id import HEADER, TrackedRequest

_PATH: Final = "/graphql"


class _DirectRequest(Request):
    """A request with the writer of its response, whose headers and method are plain attributes.

    Starlette's headers search all headers for each name.
    """

    headers: Any = None
    method = "POST"

    def __init__(self, scope: Scope, receive: Receive, headers: Mapping[str, str], writer: RequestWriter) -> None:
        super().__init__(scope, receive)
        self.headers, self.writer = headers, writer


class DirectPosts:
    """Wraps the whole application; `metrics_port` serves no operations."""

    def __init__(
        self, app: ASGIApp, application: Starlette, count: RequestCount, *, is_https: bool, metrics_port: int
    ) -> None:
        self._app, self._application, self._count, self._metrics_port = app, application, count, metrics_port
        security_headers = SecurityHeaders.defaults(is_https=is_https)
        # All responses of a media type have these.
        self._fixed_headers = {
            media_type: _encode_fixed_headers(security_headers, media_type) for media_type in MEDIA_TYPES
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or pass it on."""
        request = self._find_request(scope, receive)
        if request is None or not self._count.begin():
            await self._app(scope, receive, send)
            return
        try:
            with TrackedRequest(scope["headers"]) as request_id:
                await self._respond(request, request_id)
        finally:
            self._count.end()

    def _find_request(self, scope: Scope, receive: Receive) -> _DirectRequest | None:
        """Return the request where its response can be written directly."""
        if scope["type"] != "http" or scope["path"] != _PATH or scope["method"] != "POST":
            return None
        if self._metrics_port and scope["server"][1] == self._metrics_port:
            return None
        writer, headers = find_request_writer(scope), scope["headers"]
        by_name = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        # Of a header that was sent twice, the general way knows what counts.
        if writer is None or "origin" in by_name or len(by_name) < len(headers):
            return None
        scope["app"] = self._application
        return _DirectRequest(scope, receive, by_name, writer)

    async def _respond(self, request: _DirectRequest, request_id: bytes) -> None:
        began_at, app_state = monotonic(), self._application.state.app_state
        answer = await answer_request(app_state, request)
        body, headers = orjson.dumps(answer.response), {**answer.headers, HEADER: request_id.decode()}
        count_request(answer.status, monotonic() - began_at)
        encoding = choose_encoding(request.headers.get("accept-encoding", "").encode("latin-1"))
        if encoding is not None and len(body) >= MIN_BYTES:
            body, headers["content-encoding"] = await compress(body, encoding), encoding
        await request.writer.respond(answer.status, self._fixed_headers[answer.media_type], headers, body)


def _encode_fixed_headers(security_headers: Mapping[str, str], media_type: str) -> bytes:
    headers = {**security_headers, **fixed_headers(media_type)}
    headers["vary"] += ", Accept-Encoding"
    return encode_headers(headers)
