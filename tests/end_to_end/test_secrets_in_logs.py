"""The log of a server at the level DEBUG has no token, no text of an operation, no value, no password and no key."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.domain.imports.factory_records import customer_record
from tests.forked_command import ForkedCommand
from tests.installation_keys import SIGNING_KEY
from tests.mongod import Mongod, temporary_replica_set
from tests.server_process import ServerHarness, stop, wait_until_ready
from tests.websocket_client import connect_websocket

MARKER, PASSWORD = "Marked7Value", "Marked7Password"
DATABASE = "secrets"
CUSTOMER = "query($id: ID!) { customer(by: {externalId: $id}) { name } }"


@pytest.fixture
def mongod() -> Iterator[Mongod]:
    """Yield a mongod for this test alone, which requires the password of its user; the test stops it."""
    with temporary_replica_set(is_journaled=False) as (mongod,):
        with MongoClient[dict[str, Any]](mongod.uri) as client:
            client.admin.command("createUser", "hub", pwd=PASSWORD, roles=["root"])
        yield mongod


@contextmanager
def running(harness: ServerHarness, errors: Path) -> Iterator[None]:
    """Run the server; its standard error is written to the file."""
    with ForkedCommand(["serve", "--port", "0"], harness.environment, errors) as process:
        try:
            harness.url = wait_until_ready(process)
            yield
        finally:
            stop(process)


def test_no_secret_is_in_the_log(mongod: Mongod, tmp_path: Path) -> None:
    uri = mongod.uri.replace("//", f"//hub:{PASSWORD}@") + "&authSource=admin"
    harness = ServerHarness(uri, DATABASE, log_level="DEBUG")
    harness.make_partner()
    tokens = [harness.token(), harness.token(scope="import import:administrators")]
    with running(harness, tmp_path / "errors"):
        send_imports(harness, tokens[1])
        damage_customer(mongod)
        codes = send_operations(harness)
        talk(harness, tokens[0])
        assert mongod.process is not None
        mongod.process.kill()
        codes |= {code_of(harness.query(CUSTOMER, id=MARKER))}
    assert codes >= {"INTERNAL", "UNAVAILABLE", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "UNAUTHENTICATED"}
    log = (tmp_path / "errors").read_text()
    assert all(part in log for part in ('"operation"', "KeyError", "INTERNAL", "UNAVAILABLE", "debug")), log
    secrets = [MARKER, PASSWORD, SIGNING_KEY, *(part for token in tokens for part in token.split(".")[1:])]
    hits = [line for line in log.splitlines() if any(secret.lower() in line.lower() for secret in secrets)]
    assert hits == []


def send_imports(harness: ServerHarness, token: str) -> None:
    """Import a record with the marker, and bodies that are refused."""
    harness.import_lines("customers", [customer_record(MARKER, name=MARKER), {"externalId": MARKER, MARKER: MARKER}])
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    for body in (f'{{"externalId": "{MARKER}', f"{MARKER}\n\xff", json.dumps({"name": MARKER})):
        httpx.post(f"{harness.url}/import/customers", content=body.encode("latin-1"), headers=headers, timeout=30)


def damage_customer(mongod: Mongod) -> None:
    """Remove what every resolver of the customer needs, so that it fails unexpectedly."""
    with MongoClient[dict[str, Any]](mongod.uri) as client:
        customers = client[DATABASE].get_collection("customers")
        updated = customers.update_one(
            {"external_id": MARKER}, {"$unset": {"name": 1}}, bypass_document_validation=True
        )
        assert updated.modified_count == 1


def send_operations(harness: ServerHarness) -> set[str]:
    """Send operations and requests with the marker in each place; return the codes of the errors."""
    bodies: list[Any] = [
        {"query": CUSTOMER, "variables": {"id": MARKER}},
        {"query": f'{{ customer(by: {{externalId: "{MARKER}"}}) {{ name }} }}'},
        {"query": f"{{ {MARKER} "},
        {"query": f"{{ {MARKER} }}"},
        {"query": "query($n: Int) { customers(first: $n) { totalCount } }", "variables": {"n": MARKER}},
        {"query": f'mutation {{ createTag(input: {{name: "{MARKER}"}}) {{ tag {{ id }} }} }}'},
        {"query": CUSTOMER, "variables": MARKER},
        [MARKER],
    ]
    contents = [*(json.dumps(body) for body in bodies), f'{{"query": "{MARKER}']
    headers = {"Authorization": f"Bearer {harness.token()}", "Content-Type": "application/json"}
    with httpx.Client(base_url=harness.url, timeout=30) as http:
        answers = [http.post("/graphql", content=content, headers=headers) for content in contents]
        answers += [http.post("/graphql", json=bodies[0], headers={"Authorization": f"Bearer {MARKER}.{MARKER}.x"})]
        answers += [http.get("/graphql", params={"query": bodies[1]["query"]}, headers=headers)]
        http.get(f"/launch/{MARKER}")
        http.get(f"/export/{MARKER}")
        http.post("/graphql/stream", json=bodies[0], headers={**headers, "Accept": "text/event-stream"})
    return {code_of(answer.json()) for answer in answers}


def code_of(answer: dict[str, Any]) -> str:
    return str(answer["errors"][0]["extensions"]["code"]) if "errors" in answer else ""


def talk(harness: ServerHarness, token: str) -> None:
    """Execute an operation over a websocket, break the protocol, and offer a bad token."""
    with connect_websocket(harness.url, token) as widget:
        payload = {"query": CUSTOMER, "variables": {"id": MARKER}}
        widget.send({"id": MARKER, "type": "subscribe", "payload": payload})
        assert code_of(widget.receive()["payload"]) == "INTERNAL"
        assert widget.receive()["type"] == "complete"
        widget.send({"id": MARKER, "type": MARKER})
        with pytest.raises(ConnectionClosed):
            widget.receive()
    address = harness.url.replace("http", "ws", 1) + "/graphql"
    with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket, suppress(ConnectionClosed):
        socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {MARKER}"}}))
        socket.recv(timeout=10)
