"""Probes for operators: liveness, readiness and metrics."""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server.live.metrics import feed_registry
from server.live.shared_feeds import shared_feeds

REQUEST_COUNT = Counter("partnerhub_http_requests_total", "Requests to /graphql by status", ["status"])
REQUEST_SECONDS = Histogram("partnerhub_http_request_seconds", "How long requests to /graphql took")


async def livez(_request: Request) -> Response:
    """Return ok: the process answers."""
    return PlainTextResponse("ok")


async def readyz(request: Request) -> Response:
    """Return ok, or 503 with the reasons: starting, stopping, or no answer of the change stream for a second."""
    app_state = getattr(request.app.state, "app_state", None)
    problems = ["the server is starting or stopping"] if app_state is None or not app_state.is_ready else []
    if app_state is not None and app_state.feed is not None and not app_state.feed.is_fresh:
        problems.append("the change stream of the feed has not answered for more than a second")
    return PlainTextResponse("\n".join(problems) or "ok", 503 if problems else 200)


async def metrics(request: Request) -> Response:
    """Return the metrics in the text format of Prometheus."""
    app_state, text = getattr(request.app.state, "app_state", None), generate_latest()
    if app_state is not None:
        text += generate_latest(feed_registry(app_state.feed, shared_feeds(request.app.state, app_state).metrics))
    return Response(text, media_type=CONTENT_TYPE_LATEST)


routes = [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)]
