"""Every answer of every route has the security headers: pages, data, errors, redirects and unknown paths."""

import re
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from server.app.settings import Settings
from server.application import create_application
from server.http.security_headers import DEFAULT_HEADERS

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "UNKNOWN")
UNKNOWN_PATHS = ("/", "/nothing", "//", "/graphql/assets/..%2f..%2fx", "/import", "/%ff", "/livez/")


def _paths(routes: list[BaseRoute]) -> Iterator[str]:
    for route in routes:
        if isinstance(route, Route | Mount):
            suffix = "/x.js" if isinstance(route, Mount) else ""
            yield re.sub(r"\{[^}]*\}", "customers", route.path) + suffix


def _application(public_url: str = "") -> Starlette:
    """Return the application before its start: routes that need the database answer with an error."""
    return create_application(Settings(public_url=public_url))


def _client(application: Starlette) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    return httpx.AsyncClient(verify=False, transport=transport, base_url="http://hub.example")


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.parametrize("origin", [None, "https://foreign.example"])
async def test_every_answer_has_the_headers(accept: str, origin: str | None) -> None:
    application = _application()
    headers = {"Accept": accept, **({"Origin": origin, "Access-Control-Request-Method": "POST"} if origin else {})}
    statuses = set()
    async with _client(application) as client:
        for path in {*_paths(application.routes), *UNKNOWN_PATHS}:
            for method in METHODS:
                answer = await client.request(method, path, headers=headers)
                statuses.add(answer.status_code)
                place = (method, path, answer.status_code)
                for name in DEFAULT_HEADERS:
                    assert len(answer.headers.get_list(name)) == 1, (place, name)
                assert answer.headers["x-content-type-options"] == "nosniff", place
                assert answer.headers["referrer-policy"] == "no-referrer", place
                policy = answer.headers["content-security-policy"]
                assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, place
                assert answer.headers["cross-origin-opener-policy"] == "same-origin", place
                if path == "/widgets.js" and answer.is_success:
                    # The one public file without a hash in its name.
                    assert answer.headers["cache-control"] == "public, max-age=300", place
                    continue
                assert answer.headers["cache-control"] in {"no-store", "no-cache"}, place
                is_page = answer.headers.get("content-type", "").startswith("text/html")
                assert is_page or answer.headers["cache-control"] == "no-store", place
                assert "strict-transport-security" not in answer.headers, place
    assert {200, 404, 405, 500} <= statuses


async def test_behind_https_browsers_keep_to_it() -> None:
    async with _client(_application("https://hub.example")) as client:
        for path in ("/livez", "/nothing", "/metrics"):
            answer = await client.get(path)
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
