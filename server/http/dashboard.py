"""The dashboard: one page at the address of each of its screens, its files under /assets/, and its security policy."""

from pathlib import Path
from secrets import token_urlsafe
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from server.app.app_state import AppState
from server.app.page_sign_in import PageSignIn, page_sign_in
from server.app.web_build import WEB_DIST
from server.http.built_pages import HashedFiles, write_sign_in

DIST: Final = WEB_DIST / "dashboard"
# The screens, as in web/dashboard/src/pages.tsx: an address of another name is 404 here, not an empty page.
SCREENS: Final = (
    "customers",
    "analytics",
    "forecasts",
    "calling",
    "alerts",
    "resources",
    "integrations",
    "organization",
)

# No inline script, no eval; requests go to this origin and to the issuer's endpoints. The component set (React Aria)
# writes two <style> elements, with the nonce that it finds in the page.
_POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'{origins}",
        "style-src 'self' 'nonce-{nonce}'",
        "font-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)


_EMPTY_NONCE: Final = '<meta property="csp-nonce" nonce="" />'


def dashboard_response(dist: Path = DIST, sign_in: PageSignIn | None = None) -> Response:
    """Return the page with its sign-in; where it is not built, lead to GraphiQL, which states how to build it."""
    try:
        # Read for each request: `make setup` can run while the server runs, and the page has one kilobyte.
        page = (dist / "index.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        return RedirectResponse("/graphql")
    origins = "".join(f" {origin}" for origin in (sign_in.origins if sign_in else ()))
    nonce = token_urlsafe(16)
    policy = _POLICY.format(origins=origins, nonce=nonce)
    page = write_sign_in(page, sign_in).replace(_EMPTY_NONCE, f'<meta property="csp-nonce" nonce="{nonce}" />')
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})


async def _open(request: Request) -> Response:
    app_state: AppState = request.app.state.app_state
    return dashboard_response(sign_in=page_sign_in(app_state.settings))


def screen_addresses() -> list[str]:
    """Return the addresses of the page; the part of an address after the screen is the page's own."""
    return ["/", *(f"/{screen}" for screen in SCREENS), *(f"/{screen}/{{rest:path}}" for screen in SCREENS)]


def asset_routes(dist: Path = DIST) -> list[BaseRoute]:
    """Return the routes of the built files in `dist`, which need not exist yet."""
    headers = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
    return [Mount("/assets", HashedFiles(dist / "assets", headers), name="dashboard-assets")]


routes: Final[list[BaseRoute]] = [*(Route(address, _open) for address in screen_addresses()), *asset_routes()]
