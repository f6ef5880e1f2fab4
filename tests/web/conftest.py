"""What the tests of the page for browsers share: Node, a build, and a server to meet."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.http.graphiql import is_built
from tests.server_process import ServerHarness

WEB = Path(__file__).resolve().parents[2] / "web"


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node, with the packages of web/ installed; the test is skipped on a machine without them."""
    found = shutil.which("node")
    if found is None or not (WEB / "node_modules" / "graphql").is_dir():
        pytest.skip("Node 20.19+ or the packages of web/ are missing: install Node and run make setup.")
    return found


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium; the test is skipped on a machine without it, or without a build to look at."""
    path = Path("/usr/bin/chromium")
    if not path.is_file():
        pytest.skip("Chromium is missing: on Debian, apt-get install chromium.")
    if not is_built():
        pytest.skip("GraphiQL is not built: run make setup.")
    return str(path)


@pytest.fixture
def running_harness(mongo_uri: str, database_name: str) -> Iterator[ServerHarness]:
    """A real server with a partner and one administrator of each role."""
    harness = ServerHarness(mongo_uri, database_name)
    harness.make_partner()
    with harness.start_server():
        yield harness
