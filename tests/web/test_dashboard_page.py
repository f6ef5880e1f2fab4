"""The dashboard's page over HTTP: its addresses, security policy, sign-in, and the server without a build."""

import re
from html import unescape
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.app.page_sign_in import PageSignIn
from server.http.dashboard import DIST, SCREENS, asset_routes, dashboard_response, screen_addresses
from tests.web.conftest import WEB

PAGE = '<meta name="sign-in" content="" /><meta property="csp-nonce" nonce="" />'


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """Create a build as Vite does."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "assets" / "index-1a2b.js").write_text("run()")
    return tmp_path


def _client(dist: Path) -> httpx.AsyncClient:
    async def page(_request: Request) -> Response:
        return dashboard_response(dist)

    routes = [*(Route(address, page) for address in screen_addresses()), *asset_routes(dist)]
    transport = httpx.ASGITransport(Starlette(routes=routes))
    return httpx.AsyncClient(verify=False, transport=transport, base_url="http://hub.example")


@pytest.mark.parametrize("address", ["/", "/customers", "/customers/cus_1?tab=trials"])
async def test_each_screen_has_an_address_of_its_own(dist: Path, address: str) -> None:
    async with _client(dist) as client:
        answer = await client.get(address)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


async def test_an_address_of_no_screen_is_not_found(dist: Path) -> None:
    async with _client(dist) as client:
        answers = [await client.get(address) for address in ("/unknown", "/customers.php", "/assets/none.js")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


async def test_its_scripts_are_immutable(dist: Path) -> None:
    async with _client(dist) as client:
        answer = await client.get("/assets/index-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert (answer.text, answer.headers["cache-control"]) == ("run()", "public, max-age=31536000, immutable")


def test_each_visit_has_another_nonce_and_nothing_unsafe(dist: Path) -> None:
    policies = [dashboard_response(dist).headers["content-security-policy"] for _ in range(2)]
    assert policies[0] != policies[1]
    assert "unsafe" not in policies[0]
    page = dashboard_response(dist)
    nonce = bytes(page.body).decode().partition('nonce="')[2].partition('"')[0]
    assert f"style-src 'self' 'nonce-{nonce}'" in page.headers["content-security-policy"]


def test_the_page_gets_its_issuer_and_may_call_it(dist: Path) -> None:
    page = dashboard_response(dist, PageSignIn("https://id.example", "hub", "openid", {}, ("https://id.example",)))
    assert '"authority":"https://id.example"' in unescape(bytes(page.body).decode())
    assert "connect-src 'self' https://id.example;" in page.headers["content-security-policy"]


def test_without_a_build_a_browser_is_led_to_what_states_how_to_build_it(tmp_path: Path) -> None:
    answer = dashboard_response(tmp_path)
    assert (answer.status_code, answer.headers["location"]) == (307, "/graphql")


def test_the_page_of_the_source_has_the_places_that_the_server_fills() -> None:
    source = (WEB / "dashboard" / "index.html").read_text(encoding="utf-8")
    assert source.count('<meta name="sign-in" content="" />') == 1
    assert source.count('<meta property="csp-nonce" nonce="" />') == 1
    assert DIST == WEB / "dist" / "dashboard"


def test_the_scripts_of_the_first_page_have_at_most_200_kilobytes() -> None:
    names = re.findall(r'/assets/([\w.-]+\.js)"', (DIST / "index.html").read_text(encoding="utf-8"))
    sizes = {name: (DIST / "assets" / f"{name}.gz").stat().st_size for name in names}
    assert sizes
    assert sum(sizes.values()) <= 200_000, sizes


def test_the_first_picture_needs_no_scripts_and_nothing_that_the_policy_refuses() -> None:
    page = (DIST / "index.html").read_text(encoding="utf-8")
    head, _, body = page.partition("<body>")
    assert 'class="frame"' in body and 'class="skeleton' in body
    assert head.index('rel="stylesheet"') < head.index('type="module"')
    assert re.findall(r"<script(?![^>]*src=)|<style|style=", page) == []


def test_the_server_has_an_address_for_every_screen_of_the_page() -> None:
    pages = (WEB / "dashboard" / "src" / "pages.tsx").read_text(encoding="utf-8")
    named = {line.partition('path="/')[2].partition('"')[0].partition("/")[0] for line in pages.splitlines()}
    assert named - {""} <= set(SCREENS)
