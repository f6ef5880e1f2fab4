"""Trusted documents over HTTP, server-sent events and websockets, and what browsers may store of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api_server import ApiHarness, running_shared_api
from tests.prepared_database import PreparedDatabases
from tests.websocket_client import connect_websocket

RESPONSE_JSON = "application/graphql-response+json"
DOCUMENTS = {
    "role": "query ($all: Boolean = true) { viewer { administrator { role } permissions @include(if: $all) } }",
    "unknown-tag": 'query { node(id: "tag_1") { id } }',
    "tag": 'mutation { deleteTag(input: {id: "tag_1", version: 1}) { userErrors { code } } }',
    "changes": "subscription { tagChanged { cursor } }",
}


@pytest.fixture(scope="module")
def api(prepared_databases: PreparedDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiHarness]:
    """One server that executes only these documents."""
    folder: Path = tmp_path_factory.mktemp("manifests")
    (folder / "client.json").write_text(json.dumps(DOCUMENTS))
    with running_shared_api(prepared_databases, trusted_documents=str(folder), trusted_documents_only=True) as api:
        yield api


@pytest.fixture(scope="module")
def token(api: ApiHarness) -> str:
    return api.token(api.add_administrator("FULL_ADMINISTRATOR"))


@pytest.fixture
def http(api: ApiHarness, token: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=api.url, headers={"Authorization": f"Bearer {token}"}, timeout=30) as http:
        yield http


def code(response: httpx.Response) -> str:
    return str(response.json()["errors"][0]["extensions"]["code"])


def test_executes_a_document_by_its_id(http: httpx.Client) -> None:
    for response in (
        http.post("/graphql", json={"documentId": "role", "variables": {"all": False}}),
        http.get("/graphql", params={"documentId": "role", "variables": '{"all": false}'}),
    ):
        assert response.status_code == 200
        assert response.json()["data"] == {"viewer": {"administrator": {"role": "FULL_ADMINISTRATOR"}}}


@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), (RESPONSE_JSON, 400)])
def test_an_unknown_id_has_the_status_of_a_request_error(http: httpx.Client, accept: str, status: int) -> None:
    response = http.post("/graphql", json={"documentId": "none"}, headers={"Accept": accept})
    assert (response.status_code, code(response)) == (status, "PERSISTED_QUERY_NOT_FOUND")
    assert response.headers["cache-control"] == "no-store"


def test_refuses_any_other_document(http: httpx.Client) -> None:
    assert code(http.post("/graphql", json={"query": "{ feedCursor }"})) == "DOCUMENT_NOT_TRUSTED"
    assert http.post("/graphql", json={"query": DOCUMENTS["unknown-tag"]}).json()["data"] == {"node": None}
    assert http.post("/graphql", json={"documentId": "role", "query": "{ feedCursor }"}).status_code == 400


def test_a_get_may_be_stored_but_is_asked_again(http: httpx.Client) -> None:
    response = http.get("/graphql", params={"documentId": "role"})
    assert response.headers["cache-control"] == "private, no-cache"
    assert {"Authorization", "Accept", "Accept-Language"} <= set(response.headers["vary"].split(", "))
    etag = response.headers["etag"]
    for stored in (etag, f'"x", {etag}', "*"):
        again = http.get("/graphql", params={"documentId": "role"}, headers={"If-None-Match": stored})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    other = http.get("/graphql", params={"documentId": "unknown-tag"}, headers={"If-None-Match": etag})
    assert other.status_code == 200 and other.headers["etag"] != etag


def test_no_other_response_may_be_stored(http: httpx.Client) -> None:
    text = DOCUMENTS["role"]
    for response in (
        http.post("/graphql", json={"documentId": "role"}),
        http.get("/graphql", params={"query": text}),
        http.get("/graphql", params={"documentId": "role", "variables": '{"all": 5}'}),
        http.get("/graphql", params={"documentId": "tag"}),
    ):
        assert response.headers["cache-control"] == "no-store"
        assert "etag" not in response.headers


def test_a_mutation_needs_post_by_its_id_too(http: httpx.Client) -> None:
    assert http.get("/graphql", params={"documentId": "tag"}).status_code == 405
    response = http.post("/graphql", json={"documentId": "tag"})
    assert code(response) == "TERMS_NOT_ACCEPTED" or response.json()["data"]["deleteTag"]["userErrors"]


def test_a_browser_that_requests_a_document_gets_no_page(http: httpx.Client) -> None:
    response = http.get("/graphql", params={"documentId": "role"}, headers={"Accept": "text/html, */*;q=0.1"})
    assert response.headers["content-type"].startswith("application/json")


def test_streams_events_of_a_document(http: httpx.Client) -> None:
    body = http.post("/graphql/stream", json={"documentId": "unknown-tag"}).text
    assert 'data: {"data":{"node":null}' in body
    assert "PersistedQueryNotFound" in http.post("/graphql/stream", json={"documentId": "none"}).text
    assert "DOCUMENT_NOT_TRUSTED" in http.post("/graphql/stream", json={"query": "{ feedCursor }"}).text


def test_a_websocket_executes_documents(api: ApiHarness, token: str) -> None:
    extension = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    payloads: dict[str, dict[str, Any]] = {
        "id": {"documentId": "unknown-tag"},
        "hash": {"extensions": extension},
        "text": {"query": "{ feedCursor }"},
        "feed": {"documentId": "changes"},
    }
    answers: dict[str, Any] = {}
    with connect_websocket(api.url, token) as socket:
        for id_, payload in payloads.items():
            socket.send({"type": "subscribe", "id": id_, "payload": payload})
        while len(answers) < 3:
            message = socket.receive()
            if message["type"] in {"next", "error"}:
                answers[message["id"]] = message["payload"]
    assert answers["id"]["data"] == {"node": None}
    assert answers["hash"][0]["message"] == "PersistedQueryNotFound"
    assert answers["text"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
