"""A database with a partner and its administrators; each test starts the servers that it needs."""

from collections.abc import Iterator

import pytest

from tests.jobs.integrations.mail_server import MailServer, running_mail_server
from tests.server_process import ServerHarness


@pytest.fixture
def database_name(prepared_database: str) -> str:
    """Return the name of an empty database with all collections and indexes."""
    return prepared_database


@pytest.fixture
def harness(mongo_uri: str, database_name: str) -> ServerHarness:
    """Return a harness without a server; `with harness.start_server():` starts one."""
    harness = ServerHarness(mongo_uri, database_name)
    harness.make_partner()
    return harness


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """Return a running mail server that keeps what it receives."""
    with running_mail_server() as running:
        yield running
