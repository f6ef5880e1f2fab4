"""The recipes of docs/for-spa-developers.md, each run as printed with the real library against one server."""

import asyncio
import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from tests.server_process import ServerHarness
from tests.web.conftest import WEB
from tests.web.recipe_files import CLIENT_PAGE, read_recipe_files, write_recipe_files

TESTS = WEB / "tests"
NAMES = ["Anna", "Berta", "Cesar"]
ACCEPT_TERMS = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'


class Recipes(NamedTuple):
    """The folder with the printed files, and the server against which they run."""

    folder: Path
    harness: ServerHarness

    def node(self, script: str, *arguments: str) -> str:
        """Run a script of Node in the folder; return its standard output."""
        environment = {
            **os.environ,
            "PARTNERHUB_URL": self.harness.url,
            "PARTNERHUB_TOKEN": self.harness.token(),
            "PARTNERHUB_IMPORT_TOKEN": self.harness.token(scope="import"),
            "NODE_NO_WARNINGS": "1",
        }
        command = [shutil.which("node") or "node", "--experimental-websocket", script, *arguments]
        finished = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout


@pytest.fixture(scope="module")
def recipes(mongo_uri: str, module_database: str, client_packages: str) -> Iterator[Recipes]:
    """Yield the recipes beside a server with three customers; the folder is within reach of the npm packages."""
    harness = ServerHarness(mongo_uri, module_database)
    harness.make_partner()
    with harness.start_server(), tempfile.TemporaryDirectory(prefix="recipes-", dir=TESTS) as folder:
        lines = [{"externalId": each, "name": each, "managedBy": "PARTNER_ORGANIZATION"} for each in NAMES]
        harness.import_lines("customers", lines)
        assert harness.query(ACCEPT_TERMS)["data"]["acceptTerms"]["userErrors"] == []
        write_recipe_files(Path(folder), harness.url)
        _install_client(Path(folder))
        made = Recipes(Path(folder), harness)
        made.node("schema.js", harness.url, harness.token())
        yield made


def _install_client(folder: Path) -> None:
    """Compile the client package into the folder, where it finds the libraries of web/tests/."""
    package = folder / "node_modules" / "@partnerhub" / "client"
    package.mkdir(parents=True)
    shutil.copy(WEB / "client" / "package.json", package)
    compiler = [WEB / "node_modules/typescript/bin/tsc", "--project", "client", "--noCheck"]
    node = shutil.which("node") or "node"
    for command in (["client/write_types.mjs"], [*compiler, "--declaration", "false", "--outDir", package / "dist"]):
        subprocess.run([node, *command], cwd=WEB, check=True, timeout=120)


@pytest.mark.parametrize("library", ["apollo", "urql", "relay", "package", "package-events"])
def test_a_list_stays_true_over_a_broken_connection(recipes: Recipes, library: str) -> None:
    recipes.node(str(TESTS / "recipes.test.mjs"), str(recipes.folder), library)


def test_every_document_of_the_manifest_answers(recipes: Recipes) -> None:
    recipes.node(str(TESTS / "node_modules/@graphql-codegen/cli/cjs/bin.js"), "--config", "codegen.ts")
    manifest: dict[str, str] = json.loads((recipes.folder / "app/gql/persisted-documents.json").read_text())
    assert len(manifest) == 1
    for hash_, text in manifest.items():
        assert f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" == hash_
        assert "errors" not in recipes.harness.query(text)
    types = ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "--moduleResolution", "bundler"]
    recipes.node(str(WEB / "node_modules/typescript/bin/tsc"), *types, "app/customers.ts")


def test_the_proxy_passes_requests_and_websockets_on(recipes: Recipes) -> None:
    recipes.node(str(TESTS / "development_proxy.test.mjs"), str(recipes.folder))


def _load_python_recipe(folder: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location("recipe_feed", folder / "feed.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


async def test_python_continues_after_a_broken_connection(recipes: Recipes) -> None:
    recipe = _load_python_recipe(recipes.folder)
    token = recipes.harness.token()
    async with _breakable_way(recipes.harness.url) as (address, break_down):
        loaded = await recipe.load(address, token, {})
        assert [node["name"] for node in loaded["customers"]["nodes"]] == NAMES
        changes = recipe.follow(address, token, {}, loaded["feedCursor"])
        for tag in ("first", "second"):
            await asyncio.to_thread(_tag_customer, recipes.harness, tag, loaded["customers"]["nodes"][0]["id"])
            await asyncio.wait_for(_wait_for_tag(changes, tag), 30)
            break_down()
        await changes.aclose()


async def _wait_for_tag(changes: AsyncIterator[Any], tag: str) -> None:
    """Read changes up to that of the customer who has the tag; a feed may begin with changes that the list showed."""
    async for change in changes:
        assert change["kind"] == "UPDATED"
        if tag in [each["name"] for each in change["customer"]["tags"]]:
            return


def _tag_customer(harness: ServerHarness, tag: str, customer: str) -> None:
    create = "mutation ($input: CreateTagInput!) { createTag(input: $input) { tag { id } } }"
    assign = "mutation ($input: AssignTagsInput!) { assignTags(input: $input) { changed } }"
    id_ = harness.query(create, input={"name": tag})["data"]["createTag"]["tag"]["id"]
    answer = harness.query(assign, input={"customers": {"ids": [customer]}, "tags": [id_]})
    assert answer["data"]["assignTags"]["changed"] == 1


@contextlib.asynccontextmanager
async def _breakable_way(address: str) -> Any:
    """Yield an address that leads to the server, and a function that breaks all its connections."""
    host, port = address.removeprefix("http://").split(":")
    writers: list[asyncio.StreamWriter] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, downstream = await asyncio.open_connection(host, int(port))
        writers.extend((writer, downstream))
        await asyncio.gather(pump(reader, downstream), pump(upstream, writer))

    def break_down() -> None:
        for writer in writers:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", break_down
        break_down()


def test_each_recipe_is_run() -> None:
    """Only this list says which printed files other tests of this file run."""
    assert set(read_recipe_files()) == {
        *("feed.js", "schema.js", "list.js", "apollo.js", "urql.js", "relay.config.json", "src/relay.js"),
        *("feed.py", "codegen.ts", "app/customers.ts", "vite.config.js"),
    }
    assert set(read_recipe_files(CLIENT_PAGE)) == {"apollo_client.js"}
