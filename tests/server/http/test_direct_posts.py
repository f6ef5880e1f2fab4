"""POST /graphql, which is answered directly, beside POST /graphql/, which Starlette and its middleware answer."""

import gzip
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import orjson
import pytest

from tests.api_server import ApiHarness, running_shared_api
from tests.prepared_database import PreparedDatabases

NAME = b'{"query": "{ viewer { administrator { displayName } } }"}'
LARGE = orjson.dumps({"query": "{ " + " ".join(f"a{n}: __typename" for n in range(100)) + " }"})
CASES: Mapping[str, tuple[bytes, Mapping[str, str]]] = {
    "data": (NAME, {}),
    "no token": (NAME, {"Authorization": ""}),
    "wrong token": (NAME, {"Authorization": "Bearer x"}),
    "other media type": (NAME, {"Accept": "application/graphql-response+json"}),
    "no accepted media type": (NAME, {"Accept": "text/css"}),
    "no JSON": (b"{", {}),
    "a list": (b"[]", {}),
    "no query": (b"{}", {}),
    "wrong content type": (NAME, {"Content-Type": "text/plain"}),
    "wrong syntax": (b'{"query": "{"}', {"Accept": "application/graphql-response+json"}),
    "unknown field": (b'{"query": "{ x }"}', {}),
    "subscription": (b'{"query": "subscription { customerChanged { customer { id } } }"}', {}),
    "too large": (b" " * 1_100_000, {}),
    "packed": (gzip.compress(NAME), {"Content-Encoding": "gzip"}),
    "unknown packing": (NAME, {"Content-Encoding": "br"}),
    "language": (b'{"query": "{ customers(first: -1) { nodes { id } } }"}', {"Accept-Language": "de"}),
    "id of the request": (NAME, {"X-Request-Id": "known-1"}),
    "compressed": (LARGE, {"Accept-Encoding": "gzip"}),
    "small": (NAME, {"Accept-Encoding": "gzip"}),
    "closed": (NAME, {"Connection": "close"}),
    "seen": (NAME, {"X-Partnerhub-Seen": "x"}),
}


@pytest.fixture(scope="module")
def api(prepared_databases: PreparedDatabases) -> Iterator[ApiHarness]:
    """One server with budgets that nothing reaches, so that their headers are sent."""
    with running_shared_api(
        prepared_databases, rate_limit_administrator=1, rate_limit_administrator_burst=10**9
    ) as api:
        yield api


@pytest.fixture(scope="module")
def token(api: ApiHarness) -> str:
    return api.token(api.add_administrator("FULL_ADMINISTRATOR"))


def _describe(answer: httpx.Response) -> dict[str, Any]:
    """Return what must be equal: not the date, the id of the request, and what is left of the budget."""
    headers = {name: value for name, value in answer.headers.items() if name not in {"date", "ratelimit"}}
    is_known = headers["x-request-id"] == "known-1"
    del headers["x-request-id"], headers["content-length"]
    body = orjson.loads(answer.content)
    has_cost = bool(body.get("extensions", {}).pop("cost", None))
    return {"status": answer.status_code, "headers": headers, "body": body, "id": is_known, "cost": has_cost}


@pytest.mark.parametrize("case", CASES)
def test_both_ways_answer_alike(api: ApiHarness, token: str, case: str) -> None:
    content, changed = CASES[case]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **changed}
    direct, general = (api.http.post(path, content=content, headers=headers) for path in ("/graphql", "/graphql/"))
    assert _describe(direct) == _describe(general)
    names = [name for name, _ in direct.headers.multi_items()]
    assert len(names) == len(set(names))


def test_requests_on_one_connection_are_answered_in_their_order(api: ApiHarness, token: str) -> None:
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}\r\n"
    bodies = [orjson.dumps({"query": f"{{ a{number}: __typename }}"}) for number in range(5)]
    closing = ["", "", "", "", "Connection: close\r\n"]
    requests = [
        f"{head}{close}Content-Length: {len(body)}\r\n\r\n".encode() + body
        for body, close in zip(bodies, closing, strict=True)
    ]
    with socket.create_connection((api.http.base_url.host, api.http.base_url.port or 80), timeout=30) as connection:
        connection.sendall(b"".join(requests))
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    found = [received.index(b'"a%d":' % number) for number in range(5)]
    assert found == sorted(found)
    assert received.count(b"HTTP/1.1 200 OK") == 5


def test_a_body_that_arrives_in_parts_is_read_completely(api: ApiHarness, token: str) -> None:
    def parts() -> Iterator[bytes]:
        yield NAME[:10]
        yield NAME[10:]

    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    assert "data" in api.http.post("/graphql", content=parts(), headers=headers).json()
