"""GET /metrics: with a token of the scope `metrics`, or without one on a port of its own."""

import asyncio

from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.failures import RequestFailure, Unauthenticated
from server.app.app_state import AppState
from server.auth.claims import METRICS_SCOPE
from server.auth.viewer import read_bearer_token
from server.live.shared_feeds import shared_feeds
from server.telemetry.exposition import CONTENT_TYPE_LATEST, metrics_text

_PORT_PATHS = {"/metrics", "/livez", "/readyz"}
_PUBLISH_SECONDS = 1.0


async def metrics(request: Request) -> Response:
    """Return the metrics in the text format of Prometheus; 401 or 403 without a token that may read them."""
    app_state: AppState | None = getattr(request.app.state, "app_state", None)
    if app_state is None:
        return PlainTextResponse("The server is starting.", 503)
    if not is_at_port(request.scope, app_state.settings.metrics_port):
        refusal = await _refuse(request, app_state)
        if refusal is not None:
            return refusal
    publish_feed(request.app.state, app_state)
    # With several workers the files of all of them are read.
    return Response(await asyncio.to_thread(metrics_text), media_type=CONTENT_TYPE_LATEST)


async def _refuse(request: Request, app_state: AppState) -> Response | None:
    try:
        claims = await app_state.verify_token(read_bearer_token(request.headers.get("authorization")))
    except Unauthenticated as failure:
        return PlainTextResponse(str(failure), 401, {"WWW-Authenticate": "Bearer"})
    except RequestFailure as failure:
        return PlainTextResponse(str(failure), 503)
    if METRICS_SCOPE not in claims.scopes:
        return PlainTextResponse(f"This token does not have the scope {METRICS_SCOPE}.", 403)
    return None


def is_at_port(scope: Scope, port: int) -> bool:
    """Return whether a request arrived at this port of the server, whatever its headers say."""
    return port != 0 and scope.get("server") is not None and scope["server"][1] == port


def publish_feed(state: State, app_state: AppState) -> None:
    """Copy the numbers of the feed into the metrics."""
    shared_feeds(state, app_state).publisher.publish()


async def publish_repeatedly(state: State, app_state: AppState) -> None:
    """Copy the numbers every second, for the worker that is asked; never returns."""
    while True:
        publish_feed(state, app_state)
        await asyncio.sleep(_PUBLISH_SECONDS)


class MetricsPort:
    """Wraps the application: the port of the metrics serves them and the probes, and nothing else."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app, self._port = app, port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what the port serves."""
        if scope["type"] == "lifespan" or not is_at_port(scope, self._port) or scope["path"] in _PORT_PATHS:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse("This port serves /metrics, /livez and /readyz.", 404)(scope, receive, send)


routes = [Route("/metrics", metrics)]
