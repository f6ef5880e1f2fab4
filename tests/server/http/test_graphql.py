"""GraphQL over HTTP: media types, statuses, and that no body whatever brings out more than a clear sentence."""

import gzip
import json
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from server.graphql.errors import coded_error
from server.http.graphql import graphql
from server.live.operation_runner import OperationOutcome
from server.live.request_priority import RequestPriority
from tests.api_server import ApiHarness, running_shared_api
from tests.prepared_database import PreparedDatabases

RESPONSE_JSON = "application/graphql-response+json"
VIEWER = "{ viewer { administrator { role } } }"


@pytest.fixture(scope="module")
def api(prepared_databases: PreparedDatabases) -> Iterator[ApiHarness]:
    """One server for the whole file: no test here changes anything."""
    with running_shared_api(prepared_databases) as api:
        yield api


@pytest.fixture(scope="module")
def token(api: ApiHarness) -> str:
    return api.token(api.add_administrator("FULL_ADMINISTRATOR"))


@pytest.fixture
def http(api: ApiHarness, token: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with httpx.Client(verify=False, base_url=api.url, headers=headers, timeout=30) as http:
        yield http


def post(http: httpx.Client, body: Any, accept: str = "application/json") -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return http.post("/graphql", content=content, headers={"Accept": accept})


def codes(response: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


def test_answers_a_query(http: httpx.Client) -> None:
    response = post(http, {"query": VIEWER})
    assert response.status_code == 200
    assert response.json() == {"data": {"viewer": {"administrator": {"role": "FULL_ADMINISTRATOR"}}}}


def test_answers_a_query_by_get_with_variables_as_json(http: httpx.Client) -> None:
    query = "query A($id: ID!) { node(id: $id) { id } } query B { viewer { permissions } }"
    response = http.get("/graphql", params={"query": query, "operationName": "A", "variables": '{"id": "cus_1"}'})
    assert (response.status_code, response.json()) == (200, {"data": {"node": None}})


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (RESPONSE_JSON, RESPONSE_JSON),
        (f"{RESPONSE_JSON}; charset=utf-8, application/json; charset=utf-8", RESPONSE_JSON),
        (f"text/plain, APPLICATION/JSON, {RESPONSE_JSON}", "application/json"),
    ],
)
def test_answers_in_the_media_type_that_is_accepted(http: httpx.Client, accept: str, media_type: str) -> None:
    response = post(http, {"query": VIEWER}, accept)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"


def test_refuses_to_answer_in_another_media_type(http: httpx.Client) -> None:
    assert post(http, {"query": VIEWER}, "image/png").status_code == 406


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($id: ID!) { node(id: $id) { id } }", {}, "BAD_USER_INPUT"),
        ("query ($id: ID!) { node(id: $id) { id } }", {"id": {"$ne": 1}}, "BAD_USER_INPUT"),
        ("query A { viewer { permissions } } query B { viewer { permissions } }", {}, "BAD_USER_INPUT"),
        ("fragment F on Query { viewer { permissions } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer " + "{ partner " * 700 + "}" * 701, {}, "QUERY_TOO_COMPLEX"),
        ("{ " + "a " * 3000 + "}", {}, "QUERY_TOO_COMPLEX"),
        ("{ " + "viewer { permissions } " * 400 + "}", {}, "QUERY_TOO_COMPLEX"),
        ("{ node(id: " + "[" * 900 + ") { id } }", {}, "QUERY_TOO_COMPLEX"),
    ],
)
def test_an_operation_that_was_not_begun_is_400_where_the_answer_says_what_it_is(
    http: httpx.Client, query: str, variables: dict[str, Any], code: str
) -> None:
    body = {"query": query, "variables": variables}
    plain, exact = post(http, body), post(http, body, RESPONSE_JSON)
    assert (plain.status_code, exact.status_code) == (200, 400)
    assert plain.json() == exact.json()
    assert set(codes(plain)) == {code}
    assert "data" not in plain.json()


@pytest.mark.parametrize(
    ("code", "status"),
    [("TIMEOUT", 503), ("UNAVAILABLE", 503), ("INTERNAL", 500), ("RATE_LIMITED", 429), ("QUERY_TOO_COMPLEX", 400)],
)
async def test_an_operation_that_the_server_ended_has_the_status_of_its_code(
    monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    outcome = OperationOutcome({"errors": [coded_error(code, "Ended.")]})
    monkeypatch.setattr("server.http.graphql.run_operation", AsyncMock(return_value=outcome))
    app = Starlette(routes=[Route("/graphql", graphql, methods=["POST"])])
    app.state.app_state = SimpleNamespace(request_priority=RequestPriority())
    headers = {"Authorization": "Bearer x"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub", headers=headers) as client:
        statuses = [
            (await client.post("/graphql", headers={"Accept": accept})).status_code
            for accept in (RESPONSE_JSON, "application/json")
        ]
    assert statuses == [status, 200]


def test_a_field_that_fails_leaves_the_status_200_and_its_neighbours_answers(http: httpx.Client) -> None:
    ids = ["cus_1"] * 201
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    response = post(http, {"query": query, "variables": {"ids": ids}}, RESPONSE_JSON)
    assert (response.status_code, response.json()["data"]) == (200, None)
    assert codes(response) == ["BAD_USER_INPUT"]


NESTED = b'{"query": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
MALFORMED = {
    "nothing": b"",
    "text": b'"x"',
    "null": b"null",
    "a number": b"1",
    "a batch": b'[{"query": "{ __typename }"}]',
    "a list": b"[1]",
    "no JSON": b"{query}",
    "half of it": b'{"query": "{ __typename }"',
    "not UTF-8": b'{"query": "\xff"}',
    "half a surrogate": b'{"query": "\\ud800"}',
    "deep nesting": NESTED,
    "no query": b"{}",
    "a null query": b'{"query": null}',
    "a blank query": b'{"query": "  "}',
    "a query that is an object": b'{"query": {}}',
    "a number for a name": b'{"query": "{ __typename }", "operationName": 1}',
    "a list of variables": b'{"query": "{ __typename }", "variables": []}',
    "variables that are text": b'{"query": "{ __typename }", "variables": "{}"}',
    "extensions that are text": b'{"query": "{ __typename }", "extensions": "x"}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
@pytest.mark.parametrize("accept", ["application/json", RESPONSE_JSON])
def test_a_malformed_body_is_400_with_a_sentence(http: httpx.Client, body: bytes, accept: str) -> None:
    response = post(http, body, accept)
    assert response.status_code == 400
    assert codes(response) == ["BAD_USER_INPUT"]
    assert response.json()["errors"][0]["message"].endswith(".")
    assert "data" not in response.json()


@pytest.mark.parametrize("params", [{"query": "{ __typename }", "variables": "{"}, {"query": ""}, {"variables": "{}"}])
def test_a_malformed_address_is_400(http: httpx.Client, params: dict[str, str]) -> None:
    response = http.get("/graphql", params=params)
    assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"])


def test_nul_and_huge_numbers_are_only_values(http: httpx.Client) -> None:
    query = "query ($id: ID!, $first: Int) { node(id: $id) { id } customers(first: $first) { totalCount } }"
    assert post(http, {"query": query, "variables": {"id": "\0"}}).json()["data"]["node"] is None
    response = post(http, b'{"query": "%s", "variables": {"id": "x", "first": 1%s}}' % (query.encode(), b"0" * 400))
    assert codes(response) == ["BAD_USER_INPUT"]


def test_variables_nested_beyond_what_can_be_followed_are_refused(http: httpx.Client) -> None:
    deep = '{"not": ' * 900 + "null" + "}" * 900
    query = "query ($f: CustomerFilter) { customers(filter: $f) { totalCount } }"
    response = post(http, f'{{"query": "{query}", "variables": {{"f": {deep}}}}}'.encode())
    assert response.status_code in {200, 400}
    assert set(codes(response)) <= {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"}


def test_refuses_a_body_of_more_than_a_mebibyte(http: httpx.Client) -> None:
    assert post(http, b'{"query": "' + b" " * 1024 * 1024 + b'{ __typename }"}').status_code == 413


def test_a_body_that_does_not_come_is_given_up(api: ApiHarness, token: str) -> None:
    lines = ["POST /graphql HTTP/1.1", "Host: hub", f"Authorization: Bearer {token}", "Content-Type: application/json"]
    head = "\r\n".join([*lines, "Content-Length: 100", "", '{"query": '])
    host, port = api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(head.encode())
        answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"TIMEOUT"' in answer


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=latin-1"],
)
def test_a_foreign_page_cannot_post(http: httpx.Client, content_type: str) -> None:
    response = http.post("/graphql", content=b'{"query": "{ __typename }"}', headers={"Content-Type": content_type})
    assert response.status_code == 415


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_refuses_other_methods(http: httpx.Client, method: str) -> None:
    response = http.request(method, "/graphql", content=b"{}")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_subscription_needs_the_websocket(http: httpx.Client, method: str) -> None:
    query = "subscription { customerStatusChanged { cursor } }"
    asked = {"params": {"query": query}} if method == "GET" else {"content": json.dumps({"query": query}).encode()}
    response = http.request(method, "/graphql", **asked)
    assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"])


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic YTpi", "Bearer x.y.z"])
def test_without_a_good_token_nothing_is_answered(api: ApiHarness, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = httpx.post(
        f"{api.url}/graphql", json={"query": "{ __schema { types { name } } }"}, headers=headers, verify=False
    )
    assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_browser_gets_graphiql_without_a_token(api: ApiHarness) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    response = httpx.get(f"{api.url}/graphql", headers={"Accept": accept}, verify=False)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")


def test_tells_whether_it_lives_and_is_ready(api: ApiHarness) -> None:
    assert httpx.get(f"{api.url}/livez", verify=False).text == "ok"
    assert httpx.get(f"{api.url}/readyz", verify=False).status_code == 200


def test_takes_a_packed_operation_and_answers_packed(http: httpx.Client) -> None:
    headers = {"Content-Encoding": "gzip", "Accept-Encoding": "br;q=0.5, gzip"}
    body = gzip.compress(json.dumps({"query": "{ __schema { types { name description } } }"}).encode())
    response = http.post("/graphql", content=body, headers=headers)
    assert response.status_code == 200
    assert response.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["vary"]
    assert len(response.json()["data"]["__schema"]["types"]) > 100
