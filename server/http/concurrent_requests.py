"""A limit on the requests in progress: more would only wait, and time out together."""

from collections.abc import Awaitable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.connections.limit_log import limit_log
from server.graphql.errors import coded_error

# Probes are answered in any case: a busy server is not a broken one.
_PROBES = {"/livez", "/readyz", "/metrics"}
_RETRY_SECONDS = 1


class RequestCount:
    """The number of requests in progress, at most `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit, self.count = limit, 0

    def begin(self) -> bool:
        """Count a request; return False where there are too many."""
        if self.count >= self._limit:
            return False
        self.count += 1
        return True

    def end(self) -> None:
        """Stop counting a request that `begin` has counted."""
        self.count -= 1


class ConcurrentRequests:
    """Middleware that answers 503 with Retry-After while too many requests are in progress.

    A request is in progress until its response begins, so streams of events do not count.
    """

    def __init__(self, app: ASGIApp, count: RequestCount) -> None:
        self._app, self._count = app, count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on where there are not too many."""
        if scope["type"] != "http" or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
        elif not self._count.begin():
            limit_log.report("requests", scope["client"][0] if scope["client"] else None)
            await _busy_response()(scope, receive, send)
        else:
            await self._run(scope, receive, send)

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_counted = True

        def stop_counting() -> None:
            nonlocal is_counted
            if is_counted:
                self._count.end()
            is_counted = False

        def send_and_count(message: Message) -> Awaitable[None]:
            stop_counting()
            return send(message)

        try:
            await self._app(scope, receive, send_and_count)
        finally:
            stop_counting()


def _busy_response() -> JSONResponse:
    error = coded_error("UNAVAILABLE", "The server has too many requests at the moment. Try again in a second.")
    headers = {"Retry-After": str(_RETRY_SECONDS), "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return JSONResponse({"errors": [error]}, 503, headers)
