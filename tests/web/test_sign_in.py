"""Sign-in in Chromium: from GraphiQL at its own and at another server, and from a page with docs/sign-in.md's code."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server_process import PARTNER, ServerHarness
from tests.web.conftest import WEB
from tests.web.recipe_files import PRINTED_ADDRESS, read_recipe_files

GUIDE = WEB.parent / "docs" / "sign-in.md"
ACCEPT_TERMS = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'


@pytest.fixture
def free_origins() -> list[str]:
    """Return two origins on this machine whose ports are free."""
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        return [f"http://127.0.0.1:{listener.getsockname()[1]}" for listener in (first, second)]


@pytest.fixture
def harness(mongo_uri: str, database_name: str, free_origins: list[str]) -> Iterator[ServerHarness]:
    """Yield a server with the development sign-in, which pages of two other origins may use."""
    origins = ",".join(free_origins)
    harness = ServerHarness(mongo_uri, database_name, development_sign_in=PARTNER, allowed_origins=origins)
    harness.make_partner()
    with harness.start_server():
        assert harness.query(ACCEPT_TERMS)["data"]["acceptTerms"]["userErrors"] == []
        yield harness


@pytest.fixture
def other_server(mongo_uri: str, database_name: str, harness: ServerHarness, free_origins: list[str]) -> Iterator[str]:
    """Yield the address of a server whose GraphiQL signs in at the first one, as at any issuer of another origin."""
    other = ServerHarness(mongo_uri, database_name, sign_in_issuer=f"{harness.url}/development-sign-in")
    with other.start_server("--port", free_origins[1].rpartition(":")[2]) as server:
        yield server.url


def test_pages_of_this_and_of_another_origin_sign_in(
    harness: ServerHarness, other_server: str, free_origins: list[str], node: str, chromium: str, tmp_path: Path
) -> None:
    files = {**read_recipe_files(GUIDE), "feed.js": read_recipe_files()["feed.js"]}
    assert set(files) == {"sign_in.js", "app.js", "feed.js"}
    for name, text in files.items():
        (tmp_path / name).write_text(text.replace(PRINTED_ADDRESS, harness.url), encoding="utf-8")
    addresses = {
        "PARTNERHUB_URL": harness.url,
        "PARTNERHUB_OTHER_URL": other_server,
        "PARTNERHUB_PAGE": free_origins[0],
    }
    variables = {**addresses, "PARTNERHUB_CHROMIUM": chromium}
    command = [node, "tests/sign_in.test.mjs", str(tmp_path)]
    finished = subprocess.run(
        command, cwd=WEB, env={**os.environ, **variables}, capture_output=True, text=True, timeout=180, check=False
    )
    assert finished.stdout.endswith("PASSED\n"), finished.stdout + finished.stderr
