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

from server.connections.request_writer import RequestWriter, find_request_writer
from server.http.compression import MIN_BYTES, choose_encoding, compress
from server.http.concurrent_requests import RequestCount
from server.http.graphql import answer_request
from server.http.security_headers import SecurityHeaders
from server.telemetry.operation_metrics import count_request
from server.telemetry.request_id import HEADER, TrackedRequest

_PATH: Final = "/graphql"


class _DirectRequest(Request):
    """A request whose headers and method are plain attributes; Starlette's search all headers for each name."""

    headers: Any = None
    method = "POST"

    def __init__(self, scope: Scope, receive: Receive, headers: Mapping[str, str]) -> None:
        super().__init__(scope, receive)
        self.headers = headers


class DirectPosts:
    """Wraps the whole application; `metrics_port` serves no operations."""

    def __init__(
        self, app: ASGIApp, application: Starlette, count: RequestCount, *, is_https: bool, metrics_port: int
    ) -> None:
        self._app, self._application, self._count, self._metrics_port = app, application, count, metrics_port
        self._headers = SecurityHeaders.defaults(is_https=is_https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or pass it on."""
        writer, headers = self._find_writer(scope), scope.get("headers") or ()
        by_name = dict(headers)
        # Of a header that was sent twice, the general way knows what counts.
        if writer is None or b"origin" in by_name or len(by_name) < len(headers) or not self._count.begin():
            await self._app(scope, receive, send)
            return
        try:
            with TrackedRequest(headers) as request_id:
                await self._respond(writer, self._request(scope, receive, by_name), request_id)
        finally:
            self._count.end()

    def _find_writer(self, scope: Scope) -> RequestWriter | None:
        """Return the writer of a response that can be written directly."""
        if scope["type"] != "http" or scope["path"] != _PATH or scope["method"] != "POST":
            return None
        if self._metrics_port and scope["server"][1] == self._metrics_port:
            return None
        return find_request_writer(scope)

    def _request(self, scope: Scope, receive: Receive, headers: Mapping[bytes, bytes]) -> Request:
        scope["app"] = self._application
        by_name = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
        return _DirectRequest(scope, receive, by_name)

    async def _respond(self, writer: RequestWriter, request: Request, request_id: bytes) -> None:
        began_at, app_state = monotonic(), self._application.state.app_state
        answer = await answer_request(app_state, request)
        body, headers = orjson.dumps(answer.response), {**self._headers, **answer.headers}
        count_request(answer.status, monotonic() - began_at)
        headers["vary"] += ", Accept-Encoding"
        encoding = choose_encoding(request.headers.get("accept-encoding", "").encode("latin-1"))
        if encoding is not None and len(body) >= MIN_BYTES:
            body, headers["content-encoding"] = await compress(body, encoding), encoding
        headers["content-length"], headers[HEADER] = str(len(body)), request_id.decode()
        await writer.respond(answer.status, headers, body)
