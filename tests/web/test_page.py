"""The GraphiQL page over HTTP: content negotiation, security headers, caching, and the page without a build."""

import gzip
import shutil
from html import unescape
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server.app.page_sign_in import PageSignIn
from server.http.graphiql import DIST, asset_routes, graphiql_response, wants_graphiql

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SCRIPT = b"console.log('ready')"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """Create a build as Vite does: the page, and hashed files with their .gz."""
    assets = tmp_path / "dist" / "assets"
    assets.mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<title>built</title>")
    (assets / "index-1a2b.js").write_bytes(SCRIPT)
    (assets / "index-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT))
    (assets / "codicon-3c4d.ttf").write_bytes(b"font")
    return tmp_path / "dist"


def _application(dist: Path) -> Starlette:
    async def graphql(request: Request) -> Response:
        return graphiql_response(request, dist) if wants_graphiql(request) else PlainTextResponse("the API")

    return Starlette(routes=[*asset_routes(dist), Route("/graphql", graphql, methods=["GET", "HEAD", "POST"])])


def _client(dist: Path) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(_application(dist))
    return httpx.AsyncClient(verify=False, transport=transport, base_url="http://hub.example")


@pytest.mark.parametrize(
    ("method", "address", "accept"),
    [
        ("POST", "/graphql", "text/html"),
        ("GET", "/graphql?query={viewer{permissions}}", "application/json"),
        ("GET", "/graphql?documentId=abc", "text/html"),
        ("GET", "/graphql", "application/graphql-response+json, text/html;q=0.5"),
        ("GET", "/graphql", "*/*"),
        ("GET", "/graphql", ""),
    ],
)
async def test_requests_for_data_get_the_api(dist: Path, method: str, address: str, accept: str) -> None:
    async with _client(dist) as client:
        answer = await client.request(method, address, headers={"Accept": accept})
    assert answer.text == "the API"


@pytest.mark.parametrize("address", ["/graphql", "/graphql?query={viewer{permissions}}"])
async def test_a_browser_gets_the_page_without_caching(dist: Path, address: str) -> None:
    async with _client(dist) as client:
        answer = await client.get(address, headers=BROWSER)
        head = await client.head("/graphql", headers=BROWSER)
    assert answer.text == "<title>built</title>"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["vary"] == "Accept"
    assert head.status_code == 200
    assert head.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("address", ["/graphql", "/graphql/assets/index-1a2b.js"])
async def test_allows_only_scripts_of_this_origin(dist: Path, address: str) -> None:
    async with _client(dist) as client:
        answer = await client.get(address, headers=BROWSER)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["worker-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"


def test_the_page_gets_its_issuer_and_may_call_it(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<title>built</title><meta name="sign-in" content="" />')
    request = Request({"type": "http", "method": "GET", "headers": []})
    sign_in = PageSignIn("https://id.example", "hub", 'a"b', {}, ("https://id.example", "https://tokens.example"))
    pages = [graphiql_response(request, tmp_path, each) for each in (sign_in, None)]
    texts = [bytes(page.body).decode() for page in pages]
    assert '"authority":"https://id.example","clientId":"hub","scope":"a\\"b"' in unescape(texts[0])
    assert texts[1].endswith('<meta name="sign-in" content="" />')
    policies = [page.headers["content-security-policy"] for page in pages]
    assert "connect-src 'self' https://id.example https://tokens.example;" in policies[0]
    assert "connect-src 'self';" in policies[1]


def test_the_build_has_the_place_for_the_issuer() -> None:
    assert (DIST.parent / "index.html").read_text(encoding="utf-8").count('<meta name="sign-in" content="" />') == 1


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_a_hashed_file_is_immutable_and_compressed(dist: Path, encoding: str) -> None:
    async with _client(dist) as client:
        answer = await client.get("/graphql/assets/index-1a2b.js", headers={"Accept-Encoding": encoding})
        known = {"Accept-Encoding": encoding, "If-None-Match": answer.headers["etag"]}
        again = await client.get("/graphql/assets/index-1a2b.js", headers=known)
    assert answer.content == SCRIPT
    assert answer.headers.get("content-encoding", "identity") == encoding
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"] == again.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert again.status_code == 304


async def test_a_font_is_not_compressed(dist: Path) -> None:
    async with _client(dist) as client:
        answer = await client.get("/graphql/assets/codicon-3c4d.ttf", headers={"Accept-Encoding": "gzip"})
    assert answer.content == b"font"
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("name", ["gone-5e6f.js", "../index.html", "%2e%2e/index.html", ""])
async def test_only_built_files_are_served(dist: Path, name: str) -> None:
    async with _client(dist) as client:
        answer = await client.get(f"/graphql/assets/{name}")
    assert answer.status_code == 404


async def test_without_a_build_the_page_explains_how_to_build(tmp_path: Path) -> None:
    async with _client(tmp_path) as client:
        answer = await client.get("/graphql", headers=BROWSER)
        asset = await client.get("/graphql/assets/index-1a2b.js")
    assert answer.status_code == 200
    assert "make setup" in answer.text
    assert "Node 20.19" in answer.text
    assert "curl http://hub.example/graphql " in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert asset.status_code == 404


async def test_the_page_without_a_build_escapes_the_host_header(tmp_path: Path) -> None:
    async with _client(tmp_path) as client:
        answer = await client.get("/graphql", headers={**BROWSER, "Host": 'x"><script>alert(1)</script>'})
    assert "<script>" not in answer.text


async def test_serves_a_build_that_is_created_while_the_server_runs(tmp_path: Path, dist: Path) -> None:
    late = tmp_path / "late"
    async with _client(late) as client:
        before = await client.get("/graphql", headers=BROWSER)
        shutil.move(dist, late)
        after = await client.get("/graphql", headers=BROWSER)
        script = await client.get("/graphql/assets/index-1a2b.js")
    assert "not built" in before.text
    assert after.text == "<title>built</title>"
    assert script.status_code == 200
