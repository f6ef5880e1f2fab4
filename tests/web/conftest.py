"""Node, Chromium and a server for the tests of GraphiQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.http.graphiql import DIST
from tests.server_process import ServerHarness

WEB = Path(__file__).resolve().parents[2] / "web"


@pytest.fixture(scope="session")
def node() -> str:
    """Return the path of Node; skip the test if Node or the packages of web/ are missing."""
    path = shutil.which("node")
    if path is None or not (WEB / "node_modules" / "graphql").is_dir():
        pytest.skip("Node 20.19+ or the packages of web/ are missing: install Node and run make setup.")
    return path


@pytest.fixture(scope="session")
def client_packages(node: str) -> str:
    """Return the path of Node; skip the test if the packages of web/tests/ are missing."""
    if not (WEB / "tests" / "node_modules" / ".installed").is_file():
        pytest.skip("The packages of web/tests/ are missing: run make client-packages.")
    return node


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of Chromium; skip the test if it or the build is missing."""
    path = Path("/usr/bin/chromium")
    if not path.is_file():
        pytest.skip("Chromium is missing: on Debian, apt-get install chromium.")
    if not (DIST / "index.html").is_file():
        pytest.skip("GraphiQL is not built: run make setup.")
    return str(path)


@pytest.fixture
def database_name(prepared_database: str) -> str:
    """Return the name of an empty database with all collections and indexes."""
    return prepared_database


@pytest.fixture
def running_harness(mongo_uri: str, database_name: str) -> Iterator[ServerHarness]:
    """Yield a real server with a partner and one administrator of each role."""
    harness = ServerHarness(mongo_uri, database_name)
    harness.make_partner()
    with harness.start_server():
        yield harness
