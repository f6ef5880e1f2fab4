"""The module of the widgets at /widgets.js: pages of any origin may load it, only allowed ones may call the API."""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.app.web_build import WEB_DIST
from server.http.built_pages import HashedFiles

DIST: Final = WEB_DIST / "widgets"
_HEADERS: Final = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
# Its name has no hash: after this time browsers ask again with the ETag, and get 304 until another release is served.
_CACHING: Final = "public, max-age=300"


def widget_route(dist: Path = DIST) -> BaseRoute:
    """Return the route of the built module in `dist`, which need not exist yet."""
    files = HashedFiles(dist / "assets", _HEADERS)

    async def send(request: Request) -> Response:
        response = await files.get_response("widgets.js", request.scope)
        response.headers["Cache-Control"] = _CACHING
        return response

    return Route("/widgets.js", send)


routes: Final[list[BaseRoute]] = [widget_route()]
