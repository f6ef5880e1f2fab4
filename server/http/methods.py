"""Routes that answer OPTIONS, at their path with and without a slash at its end."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Endpoint = Callable[[Request], Awaitable[Response]]


def routes_at(path: str, endpoint: Endpoint, *methods: str, also_routed: tuple[str, ...] = ()) -> list[Route]:
    """Return the routes of an endpoint; it refuses the methods of `also_routed` itself, with a message."""

    async def options(_request: Request) -> Response:
        return Response(status_code=204, headers={"Allow": ", ".join((*methods, "OPTIONS"))})

    return [
        route
        for each in (path, f"{path}/")
        for route in (
            Route(each, endpoint, methods=[*methods, *also_routed]),
            Route(each, options, methods=["OPTIONS"]),
        )
    ]
