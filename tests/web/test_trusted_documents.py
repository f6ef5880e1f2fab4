"""Trusted documents with the real tools: manifests of graphql-codegen and Relay's compiler, Apollo's link."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api_server import ApiHarness, running_shared_api
from tests.prepared_database import PreparedDatabases
from tests.web.conftest import WEB
from tests.web.recipe_files import write_recipe_files

TESTS = WEB / "tests"
# Apollo's link sends the text as graphql-js prints it, with __typename.
APOLLO_TEXT = "query Known {\n  viewer {\n    permissions\n    __typename\n  }\n}"


def run_node(folder: Path, script: Path, *arguments: str, **variables: str) -> None:
    command = [shutil.which("node") or "node", str(script), *arguments]
    environment = {**os.environ, "NODE_NO_WARNINGS": "1", **variables}
    finished = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


def write_manifests(folder: Path) -> None:
    """Run the tools on the recipes, and put what they write into `manifests/`."""
    (folder / "manifests").mkdir()
    write_recipe_files(folder, "")
    run_node(folder, TESTS / "node_modules/@graphql-codegen/cli/cjs/bin.js", "--config", "codegen.ts")
    (folder / "app/gql/persisted-documents.json").rename(folder / "manifests/codegen.json")
    relay = json.loads((folder / "relay.config.json").read_text())
    relay["persistConfig"] = {"file": "manifests/relay.json"}
    (folder / "relay.config.json").write_text(json.dumps(relay))
    (folder / "manifests/relay.json").write_text("{}")
    run_node(folder, TESTS / "node_modules/relay-compiler/cli.js", "relay.config.json")
    id_ = hashlib.sha256(APOLLO_TEXT.encode()).hexdigest()
    operation = {"id": id_, "name": "Known", "type": "query", "body": APOLLO_TEXT}
    apollo = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation]}
    (folder / "manifests/apollo.json").write_text(json.dumps(apollo))


@pytest.fixture(scope="module")
def folder(client_packages: str) -> Iterator[Path]:
    """Yield a folder within reach of the npm packages, with the manifests."""
    with tempfile.TemporaryDirectory(prefix="documents-", dir=TESTS) as name:
        write_manifests(Path(name))
        yield Path(name)


@pytest.fixture(scope="module")
def trusted(prepared_databases: PreparedDatabases, folder: Path) -> Iterator[ApiHarness]:
    """Yield a server with the manifests."""
    with running_shared_api(prepared_databases, trusted_documents=str(folder / "manifests")) as api:
        yield api


def _token(api: ApiHarness) -> str:
    return api.token(api.add_administrator("FULL_ADMINISTRATOR"))


def test_every_document_of_the_tools_is_executed_by_its_id(folder: Path, trusted: ApiHarness) -> None:
    ids: list[str] = []
    for tool in ("codegen", "relay"):
        ids += json.loads((folder / f"manifests/{tool}.json").read_text())
    assert len(ids) >= 3
    headers = {"Authorization": f"Bearer {_token(trusted)}"}
    for id_ in ids:
        response = httpx.post(f"{trusted.url}/graphql", json={"documentId": id_}, headers=headers, timeout=30).json()
        # Relay's manifest contains a subscription too, which this address refuses.
        assert "data" in response or "Subscribe over the websocket" in response["errors"][0]["message"], response


def test_the_link_of_apollo_recovers(folder: Path, trusted: ApiHarness, prepared_databases: PreparedDatabases) -> None:
    script = TESTS / "trusted_documents.test.mjs"
    with running_shared_api(prepared_databases) as plain:
        run_node(
            folder,
            script,
            "manifests/apollo.json",
            PLAIN_URL=plain.url,
            PLAIN_TOKEN=_token(plain),
            TRUSTED_URL=trusted.url,
            TRUSTED_TOKEN=_token(trusted),
        )
