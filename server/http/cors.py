"""Requests of web pages of other origins (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).

Starlette's middleware answers preflight requests and adds the headers. Only pages of the allowed origins may read what
the server answers. Tokens are sent in a header and never as cookies, so credentials are not allowed.

A browser also sends requests whose answers the page may not read, so the API refuses pages of other origins itself.
"""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from server.auth.origins import is_accepted_origin, log_refused_origin
from server.graphql.errors import coded_error
from server.http.graphql import SEEN_HEADER

_ALLOWED_HEADERS = (
    *("Authorization", "Content-Type", "Content-Encoding", "Last-Event-ID", SEEN_HEADER),
    # What client libraries add: Apollo Client, and tracing.
    *("Apollo-Require-Preflight", "Apollographql-Client-Name", "Apollographql-Client-Version"),
    *("X-Apollo-Operation-Name", "X-Requested-With", "X-Request-ID", "Traceparent", "Tracestate"),
)
_READABLE_HEADERS = (
    *(SEEN_HEADER, "X-Request-ID", "Retry-After", "RateLimit", "RateLimit-Policy"),
    *("ETag", "WWW-Authenticate", "Allow"),
)
# Browsers remember the answer to a preflight request for two hours at most.
_PREFLIGHT_SECONDS = 7200


class CrossOriginRequests:
    """Middleware that lets pages of the allowed origins call the server; it refuses and logs pages of other origins."""

    def __init__(self, app: ASGIApp, allowed_origins: Collection[str]) -> None:
        self._app = app
        self._allowed = allowed_origins
        self._cors = CORSMiddleware(
            app,
            allow_origins=sorted(allowed_origins),
            allow_methods=("GET", "POST"),
            allow_headers=_ALLOWED_HEADERS,
            expose_headers=_READABLE_HEADERS,
            max_age=_PREFLIGHT_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; one without an origin does not come from a page and skips the CORS rules."""
        if scope["type"] != "http" or not any(name == b"origin" for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not is_accepted_origin(headers, self._allowed):
            log_refused_origin(headers["origin"], scope["path"])
            if _is_call(scope):
                await _refusal()(scope, receive, send)
                return
        await self._cors(scope, receive, send)


def _is_call(scope: Scope) -> bool:
    """Return whether a request calls the API or sends something; files and preflight requests change nothing."""
    is_read = scope["method"] in {"GET", "HEAD"} and not scope["path"].startswith("/graphql")
    return not is_read and scope["method"] != "OPTIONS"


def _refusal() -> JSONResponse:
    message = "Pages of this origin may not call this server. Its operator can allow it: PARTNERHUB_ALLOWED_ORIGINS."
    return JSONResponse({"errors": [coded_error("FORBIDDEN", message)]}, 403, {"Vary": "Origin"})
