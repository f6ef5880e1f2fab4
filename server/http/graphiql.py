"""GraphiQL for browsers: the page at /graphql, its files under /graphql/assets/, and the policy they run under."""

from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from server.http.accept import preferred_media_type

ASSETS_PATH: Final = "/graphql/assets"
DIST: Final = Path(__file__).parents[2] / "web" / "dist"

# Scripts, workers and requests stay on our own origin, without unsafe-eval, unsafe-inline or blob:. Styles need
# 'unsafe-inline': Monaco writes its theme into <style> elements and positions lines by style attributes, and
# knows no nonce. Its squiggles and arrows are data: images inside its style sheet.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "connect-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)

_SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# The page names the hashed files of one build, and GET /graphql answers JSON to whoever asks for that.
_PAGE_HEADERS: Final = {**_SECURITY_HEADERS, "Cache-Control": "no-cache", "Vary": "Accept"}

_IMMUTABLE: Final = "public, max-age=31536000, immutable"

_NOT_BUILT_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>partnerhub – GraphiQL is not built</title>
<link rel="icon" href="data:,">
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 4rem auto; padding: 0 1rem }
pre { overflow-x: auto; padding: .75rem; border: 1px solid; border-radius: .25rem }
</style>
</head>
<body>
<h1>GraphiQL is not built here</h1>
<p>The API answers at this address; only its page for browsers is missing. With
Node 20.19 or newer (or 22.12 or newer) on this machine, run</p>
<pre>make setup</pre>
<p>in the project's folder, and reload. Without Node, ask from a terminal:</p>
<pre>curl ADDRESS -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' \\
  -d '{"query": "{ viewer { administrator { displayName role } } }"}'</pre>
</body>
</html>
"""


def wants_graphiql(request: Request) -> bool:
    """Return whether a browser opens the page: GET or HEAD, no operation in the address, HTML preferred over JSON."""
    if request.method not in {"GET", "HEAD"} or "query" in request.query_params:
        return False
    offered = ["application/json", "application/graphql-response+json", "text/html"]
    return preferred_media_type(request.headers.get("accept"), offered) == "text/html"


def graphiql_response(request: Request, dist: Path = DIST) -> Response:
    """Answers a browser with GraphiQL, or, where it was never built, with a page that says how to build it."""
    # Read at every visit: `make setup` may run beside a running server, and the page is one kilobyte.
    try:
        page = (dist / "index.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        address = str(request.url.replace(query="", fragment=""))
        page = _NOT_BUILT_PAGE.replace("ADDRESS", _plain_characters(address))
    return HTMLResponse(page, headers=_PAGE_HEADERS)


def _plain_characters(address: str) -> str:
    """The Host header is the visitor's own, and goes into a page: all but an address's plain characters is dropped."""
    return "".join(letter for letter in address if letter.isalnum() or letter in ":/.-_[]")


class HashedFiles(StaticFiles):
    """Files whose names change with their content: a browser never asks for the same one twice."""

    async def check_config(self) -> None:
        """Asks nothing of the directory: before it is built there is none, and every file in it is a 404."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await self._get_compressed(path, scope)
        response.headers.update(_SECURITY_HEADERS)
        if response.status_code in {200, 206, 304}:
            response.headers["Cache-Control"] = _IMMUTABLE
        return response

    async def _get_compressed(self, path: str, scope: Scope) -> Response:
        """The .gz that the build left beside each script and sheet, for all who take it: 1.4 MB instead of 5."""
        if not path.endswith((".js", ".css")):
            return await super().get_response(path, scope)
        takes_gzip = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        response = await super().get_response(f"{path}.gz" if takes_gzip else path, scope)
        response.headers["Vary"] = "Accept-Encoding"
        if takes_gzip:
            response.headers["Content-Encoding"] = "gzip"
        return response


def asset_routes(dist: Path = DIST) -> list[BaseRoute]:
    """The routes of the built files in `dist`, which need not exist yet."""
    return [Mount(ASSETS_PATH, HashedFiles(directory=dist / "assets", check_dir=False), name="graphiql-assets")]


routes: Final[list[BaseRoute]] = asset_routes()
