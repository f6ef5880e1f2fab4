"""Requests of web pages of other origins: preflight requests, headers of responses, OPTIONS and paths with a slash."""

import json
from collections.abc import Iterator

import httpx
import pytest
from structlog.testing import capture_logs
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from server.auth import origins
from server.http.security_headers import DEFAULT_HEADERS
from tests.api_server import FRIENDLY_ORIGIN, ApiHarness, running_shared_api

FOREIGN = "https://foreign.example"
PATHS = ("/graphql", "/graphql/", "/graphql/stream", "/graphql/stream/", "/import/customers")
QUERY = json.dumps({"query": "{ viewer { permissions } }"}).encode()


@pytest.fixture(scope="module")
def api(mongo_uri: str) -> Iterator[ApiHarness]:
    """One server for the whole file: no test here changes anything."""
    with running_shared_api(mongo_uri) as api:
        yield api


@pytest.fixture(scope="module")
def headers(api: ApiHarness) -> dict[str, str]:
    token = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def preflight(api: ApiHarness, path: str, origin: str, asked: str = "authorization,content-type") -> httpx.Response:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": asked}
    return api.http.options(path, headers=headers)


@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_request_of_an_allowed_origin_is_answered(api: ApiHarness, path: str) -> None:
    response = preflight(api, path, FRIENDLY_ORIGIN, "authorization,content-type,last-event-id,x-partnerhub-seen")
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, FRIENDLY_ORIGIN)
    assert response.headers["access-control-allow-methods"] == "GET, POST"
    assert "access-control-allow-credentials" not in response.headers
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_request_of_another_origin_is_refused(api: ApiHarness, path: str) -> None:
    response = preflight(api, path, FOREIGN)
    assert response.status_code == 400
    assert "access-control-allow-origin" not in response.headers


def test_a_page_of_an_allowed_origin_can_read_the_response(api: ApiHarness, headers: dict[str, str]) -> None:
    response = api.http.post("/graphql/", content=QUERY, headers={**headers, "Origin": FRIENDLY_ORIGIN})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, FRIENDLY_ORIGIN)
    assert "X-Partnerhub-Seen" in response.headers["access-control-expose-headers"]
    assert "Origin" in response.headers["vary"]
    assert "Accept-Language" in response.headers["vary"]


def test_a_page_of_an_allowed_origin_can_read_a_failure(api: ApiHarness) -> None:
    response = api.http.post("/graphql", content=QUERY, headers={"Origin": FRIENDLY_ORIGIN})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (401, FRIENDLY_ORIGIN)


def test_a_page_of_an_allowed_origin_can_read_a_stream(api: ApiHarness, headers: dict[str, str]) -> None:
    asked = {**headers, "Origin": FRIENDLY_ORIGIN, "Accept": "text/event-stream"}
    response = api.http.post("/graphql/stream", content=QUERY, headers=asked)
    assert "event: next" in response.text
    assert response.headers["access-control-allow-origin"] == FRIENDLY_ORIGIN


@pytest.mark.parametrize("origin", [FOREIGN, "null", "https://friend.example.evil.example", "http://friend.example"])
def test_no_other_page_can_read_a_response(api: ApiHarness, headers: dict[str, str], origin: str) -> None:
    response = api.http.post("/graphql", content=QUERY, headers={**headers, "Origin": origin})
    assert "access-control-allow-origin" not in response.headers


def test_a_refused_origin_is_logged_once_with_the_setting_that_would_allow_it(
    api: ApiHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(origins, "_logged", set())
    with capture_logs() as logs:
        for _ in range(3):
            preflight(api, "/graphql", "https://spa.example")
    (refused,) = (line for line in logs if line["event"] == "origin refused")
    assert (refused["origin"], refused["path"]) == ("https://spa.example", "/graphql")
    assert "PARTNERHUB_ALLOWED_ORIGINS" in refused["advice"]


def test_the_servers_own_pages_are_not_logged(api: ApiHarness, headers: dict[str, str]) -> None:
    with capture_logs() as logs:
        assert api.http.post("/graphql", content=QUERY, headers={**headers, "Origin": api.url}).status_code == 200
    assert not [line for line in logs if line["event"] == "origin refused"]


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/graphql", "GET, POST, OPTIONS"), ("/graphql/stream/", "GET, POST, OPTIONS"), ("/import/tags", "POST, OPTIONS")],
)
def test_options_names_the_methods(api: ApiHarness, path: str, methods: str) -> None:
    response = api.http.options(path)
    assert (response.status_code, response.headers["allow"]) == (204, methods)


@pytest.mark.parametrize("path", ["/graphql", "/graphql/"])
@pytest.mark.parametrize("origin", [None, FRIENDLY_ORIGIN])
def test_a_websocket_opens_with_and_without_a_slash(api: ApiHarness, path: str, origin: str | None) -> None:
    address = api.url.replace("http", "ws", 1) + path
    with connect(
        address,
        subprotocols=[Subprotocol("graphql-transport-ws")],
        additional_headers={"Origin": origin} if origin else None,
    ) as socket:
        assert socket.subprotocol == "graphql-transport-ws"


def test_a_stream_of_events_has_the_security_headers(api: ApiHarness, headers: dict[str, str]) -> None:
    response = api.http.post("/graphql/stream", content=QUERY, headers={**headers, "Accept": "text/event-stream"})
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert all(response.headers.get(name) == value for name, value in DEFAULT_HEADERS.items())
