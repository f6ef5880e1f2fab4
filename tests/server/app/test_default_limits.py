"""The default numbers of what the server limits: other tests set their own, shorter ones."""

from typing import Any

import pytest

from domain.paging import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from execution.turns import Turns
from schema.executor import MAX_ERRORS
from server.app.settings import Settings
from server.auth.key_cache import MAX_AGE_SECONDS, MAX_WAIT_SECONDS, MIN_INTERVAL_SECONDS
from server.auth.signatures import MAX_TOKEN_LENGTH
from server.graphql.cost import MAX_COST, MAX_DEPTH, MAX_ROOT_FIELDS, MAX_TEXT_LENGTH, MAX_TOKENS
from server.graphql.document_cache import MAX_CACHE_BYTES
from server.graphql.operations import OPERATION_TIMEOUT_SECONDS
from server.http.request_body import BODY_TIMEOUT_SECONDS, MAX_BODY_BYTES
from server.live.connection import INIT_TIMEOUT_SECONDS
from tests.server.connections.limited_server import make_limits

MIB = 1024 * 1024
# The longest time that a connection may keep the server waiting.
LONGEST_SECONDS = 15
DEFAULTS: dict[str, Any] = {
    "connection_header_bytes": 32 * 1024,
    "connection_header_count": 100,
    "connection_url_bytes": 16 * 1024,
    "connection_limit_per_address": 200,
    "connection_requests": 500,
    "connection_frames": 1_000,
    "import_megabytes": 10_000,
    "import_idle_seconds": 30.0,
    "limit_customers": 1_000_000,
    "limit_imports": 16,
    "limit_operations_per_socket": 100,
    "rate_limit_administrator": 20_000,
    "rate_limit_administrator_burst": 400_000,
    "rate_limit_partner": 150_000,
    "rate_limit_partner_burst": 1_500_000,
    "token_seconds": 12 * 3600,
    "token_max_seconds": 24 * 3600,
}


def default(name: str) -> Any:
    return getattr(Settings(), name)


@pytest.mark.parametrize("name", DEFAULTS)
def test_settings(name: str) -> None:
    assert default(name) == DEFAULTS[name]


@pytest.mark.parametrize("name", ["header", "body", "send", "idle", "init"])
def test_times_of_a_connection(name: str) -> None:
    assert 5 <= default(f"connection_{name}_seconds") == 10 <= LONGEST_SECONDS


def test_a_connection_has_the_limits_of_the_settings() -> None:
    limits = make_limits()
    for name in ("header_bytes", "header_count", "url_bytes", "limit_per_address", "frames"):
        assert getattr(limits, name) == DEFAULTS[f"connection_{name}"]
    assert limits.import_seconds > DEFAULTS["import_idle_seconds"]
    assert default("connection_init_seconds") == INIT_TIMEOUT_SECONDS


def test_constants() -> None:
    assert (MIN_INTERVAL_SECONDS, MAX_AGE_SECONDS, MAX_WAIT_SECONDS, MAX_TOKEN_LENGTH) == (30, 300, 2, 8192)
    assert (BODY_TIMEOUT_SECONDS, MAX_BODY_BYTES, OPERATION_TIMEOUT_SECONDS) == (5, MIB, 8)
    assert (MAX_TEXT_LENGTH, MAX_TOKENS, MAX_DEPTH, MAX_ROOT_FIELDS) == (40_000, 1_500, 15, 30)
    assert (MAX_COST, MAX_ERRORS, MAX_CACHE_BYTES, Turns.TURN_SECONDS) == (30_000, 100, 32 * MIB, 0.01)
    assert (DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE) == (25, 200)
