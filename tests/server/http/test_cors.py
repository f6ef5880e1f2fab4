"""Requests of web pages of other origins: preflight requests, headers of responses, OPTIONS and paths with a slash."""

import json
from collections.abc import Iterator

import httpx
import pytest
from structlog.testing import capture_logs
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from server.app.settings import Settings
from server.application import create_application
from server.auth import origins
from server.http.security_headers import DEFAULT_HEADERS
from store.database.scope import Scope
from tests.api_server import FRIENDLY_ORIGIN, ApiHarness, running_shared_api
from tests.prepared_database import PreparedDatabases
from tests.schema.factory_mutations import accept_terms

FOREIGN = "https://foreign.example"
PATHS = ("/graphql", "/graphql/", "/graphql/stream", "/graphql/stream/", "/import/customers")
# What a page may send to any server: https://fetch.spec.whatwg.org/#cors-safelisted-request-header.
SIMPLE_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
QUERY = json.dumps({"query": "{ viewer { permissions } }"}).encode()


@pytest.fixture(scope="module")
def api(prepared_databases: PreparedDatabases) -> Iterator[ApiHarness]:
    """One server for the whole file."""
    with running_shared_api(prepared_databases) as api:
        accept_terms(api)
        yield api


@pytest.fixture(scope="module")
def headers(api: ApiHarness) -> dict[str, str]:
    token = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def mutation(name: str) -> bytes:
    return json.dumps({"query": f'mutation {{ createTag(input: {{name: "{name}"}}) {{ tag {{ id }} }} }}'}).encode()


def tag_names(api: ApiHarness) -> set[str]:
    async def work(scope: Scope) -> set[str]:
        return {tag["name"] for tag in await scope.collection("tags").find(scope.match())}

    return api.store(work)


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


@pytest.mark.parametrize(
    "origin", [FOREIGN, "null", "", "https://friend.example.evil.example", "http://friend.example"]
)
def test_no_other_page_can_change_or_read_anything(api: ApiHarness, headers: dict[str, str], origin: str) -> None:
    body = mutation("Foreign")
    text = json.loads(body)["query"]
    foreign = {**headers, "Origin": origin}
    answers = [
        api.http.post("/graphql", content=body, headers=foreign),
        api.http.post("/graphql/", content=QUERY, headers=foreign),
        api.http.post("/graphql/stream", content=body, headers={**foreign, "Accept": "text/event-stream"}),
        api.http.get("/graphql/stream", params={"query": text}, headers={**foreign, "Accept": "text/event-stream"}),
        *(api.http.get("/graphql", params={"query": query}, headers=foreign) for query in (text, "{ __typename }")),
        *(api.http.post("/graphql", content=body, headers={**foreign, "Content-Type": kind}) for kind in SIMPLE_TYPES),
        api.http.post("/import/tags", content=b'{"id": "x", "name": "Foreign"}', headers=foreign),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["vary"] == "Origin"
    assert "Foreign" not in tag_names(api)


@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream"])
def test_requests_that_browsers_send_without_a_preflight_change_nothing(
    api: ApiHarness, headers: dict[str, str], path: str
) -> None:
    body = mutation("Foreign")
    text = json.loads(body)["query"]
    answer = api.http.get(path, params={"query": text}, headers=headers)
    # A stream has begun before its operation is known.
    assert answer.status_code == (200 if path.endswith("/stream") else 405)
    assert "BAD_USER_INPUT" in answer.text
    for kind in SIMPLE_TYPES:
        assert api.http.post(path, content=body, headers={**headers, "Content-Type": kind}).status_code == 415
    assert "Foreign" not in tag_names(api)


def test_a_page_of_an_allowed_origin_can_change_something(api: ApiHarness, headers: dict[str, str]) -> None:
    api.http.post("/graphql", content=mutation("Friendly"), headers={**headers, "Origin": FRIENDLY_ORIGIN})
    assert "Friendly" in tag_names(api)


@pytest.mark.parametrize("path", ["/livez", "/launch/x", "/export/x"])
def test_pages_and_files_are_served_to_any_origin(api: ApiHarness, path: str) -> None:
    expected = api.http.get(path).status_code
    response = api.http.get(path, headers={"Origin": FOREIGN})
    assert (response.status_code, response.headers.get("access-control-allow-origin")) == (expected, None)


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


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_of_the_public_address_may_call_where_a_proxy_rewrites_the_host(path: str) -> None:
    # Before its start the application answers what passes the check of the origin with an error.
    application = create_application(Settings(public_url="https://hub.example"))
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as proxy:
        statuses = [
            (await proxy.post(path, content=QUERY, headers={"Origin": origin})).status_code
            for origin in ("https://hub.example", "http://127.0.0.1:8000", "https://hub.example:444")
        ]
    assert 403 not in statuses[:2]
    assert statuses[2] == 403
