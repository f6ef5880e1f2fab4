"""Sign-in in Chromium: from GraphiQL, and from a page of another origin with the code of docs/sign-in.md."""

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
def page_origin() -> str:
    """Return an origin on this machine whose port is free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def harness(mongo_uri: str, database_name: str, page_origin: str) -> Iterator[ServerHarness]:
    """Yield a server with the development sign-in, which pages of another origin may use."""
    harness = ServerHarness(mongo_uri, database_name, development_sign_in=PARTNER, allowed_origins=page_origin)
    harness.make_partner()
    with harness.start_server():
        assert harness.query(ACCEPT_TERMS)["data"]["acceptTerms"]["userErrors"] == []
        yield harness


def test_pages_of_this_and_of_another_origin_sign_in(
    harness: ServerHarness, page_origin: str, node: str, chromium: str, tmp_path: Path
) -> None:
    files = {**read_recipe_files(GUIDE), "feed.js": read_recipe_files()["feed.js"]}
    assert set(files) == {"sign_in.js", "app.js", "feed.js"}
    for name, text in files.items():
        (tmp_path / name).write_text(text.replace(PRINTED_ADDRESS, harness.url), encoding="utf-8")
    variables = {"PARTNERHUB_URL": harness.url, "PARTNERHUB_PAGE": page_origin, "PARTNERHUB_CHROMIUM": chromium}
    command = [node, "tests/sign_in.test.mjs", str(tmp_path)]
    finished = subprocess.run(
        command, cwd=WEB, env={**os.environ, **variables}, capture_output=True, text=True, timeout=180, check=False
    )
    assert finished.stdout.endswith("PASSED\n"), finished.stdout + finished.stderr
