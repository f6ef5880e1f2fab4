"""GraphiQL: the page at /graphql, its files under /graphql/assets/, and their content security policy."""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount

from server.app.page_sign_in import PageSignIn
from server.app.web_build import WEB_DIST
from server.http.accept import preferred_media_type
from server.http.built_pages import HashedFiles, write_sign_in
from server.http.html_pages import render_html_page

ASSETS_PATH: Final = "/graphql/assets"
DIST: Final = WEB_DIST

# Scripts, workers and requests are limited to our own origin, without unsafe-eval, unsafe-inline or blob:. Styles need
# 'unsafe-inline': Monaco writes its theme into <style> elements, positions lines by style attributes, and does not
# support a nonce. Its underlines and arrows are data: images inside its style sheet.
_POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "connect-src 'self'{origins}",
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)

_POLICY_HEADER: Final = {"Content-Security-Policy": _POLICY.format(origins="")}

# The page names the hashed files of one build, and GET /graphql returns JSON where a client prefers it.
_PAGE_HEADERS: Final = {**_POLICY_HEADER, "Cache-Control": "no-cache", "Vary": "Accept"}

_NOT_BUILT_STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 4rem auto; padding: 0 1rem }
pre { overflow-x: auto; padding: .75rem; border: 1px solid; border-radius: .25rem }
"""
_NOT_BUILT_BODY: Final = """\
<h1>GraphiQL is not built</h1>
<p>The API is available at this address; only its page for browsers is missing. With
Node 20.19 or newer (or 22.12 or newer) on this machine, run</p>
<pre>make setup</pre>
<p>in the project's folder, and reload. Without Node, send an operation from a terminal:</p>
<pre tabindex="0">curl ADDRESS -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' \\
  -d '{"query": "{ viewer { administrator { displayName role } } }"}'</pre>"""


def wants_graphiql(request: Request) -> bool:
    """Return whether a browser opens the page: GET or HEAD, HTML preferred over JSON. It shows a linked query."""
    names = ("documentId", "extensions")
    if request.method not in {"GET", "HEAD"} or any(name in request.query_params for name in names):
        return False
    offered = ["application/json", "application/graphql-response+json", "text/html"]
    return preferred_media_type(request.headers.get("accept"), offered) == "text/html"


def graphiql_response(request: Request, dist: Path = DIST, sign_in: PageSignIn | None = None) -> Response:
    """Return GraphiQL with its sign-in; where it is not built, return a page that states how to build it."""
    # Read for each request: `make setup` can run while the server runs, and the page has one kilobyte.
    try:
        page = write_sign_in((dist / "index.html").read_text(encoding="utf-8"), sign_in)
    except FileNotFoundError:
        address = str(request.url.replace(query="", fragment=""))
        body = _NOT_BUILT_BODY.replace("ADDRESS", _plain_characters(address))
        page = render_html_page("partnerhub – GraphiQL is not built", _NOT_BUILT_STYLE, body)
    # The page calls the issuer's endpoints, so its policy names their origins.
    origins = "".join(f" {origin}" for origin in (sign_in.origins if sign_in else ()))
    return HTMLResponse(page, headers={**_PAGE_HEADERS, "Content-Security-Policy": _POLICY.format(origins=origins)})


def _plain_characters(address: str) -> str:
    """Return the address without characters that HTML could interpret: the client chooses its Host header."""
    return "".join(letter for letter in address if letter.isalnum() or letter in ":/.-_[]")


def asset_routes(dist: Path = DIST) -> list[BaseRoute]:
    """Return the routes of the built files in `dist`, which need not exist yet."""
    return [Mount(ASSETS_PATH, HashedFiles(dist / "assets", _POLICY_HEADER), name="graphiql-assets")]


routes: Final[list[BaseRoute]] = asset_routes()
