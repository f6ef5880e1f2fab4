"""Probes for operators and load balancers: liveness and readiness."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


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


routes = [Route("/livez", livez), Route("/readyz", readyz)]
