"""/metrics: who may read it, what callers cannot do to it, its own port; ids of requests."""

import re
from collections.abc import Iterator

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from server.http.metrics import MetricsPort
from tests.api_server import ApiHarness, running_shared_api
from tests.prepared_database import PreparedDatabases

NAMES = r'partnerhub_operations_total\{kind="(\w+)",operation="(\w+)",outcome="(\w+)"\} (\S+)'


@pytest.fixture(scope="module")
def api(prepared_databases: PreparedDatabases) -> Iterator[ApiHarness]:
    with running_shared_api(prepared_databases, metrics_operations="Mine") as harness:
        yield harness


def _read(api: ApiHarness, token: str) -> httpx.Response:
    return api.http.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def test_needs_a_token_of_the_scope_metrics(api: ApiHarness) -> None:
    administrator = api.add_administrator("FULL_ADMINISTRATOR")
    assert api.http.get("/metrics").status_code == 401
    assert _read(api, "nonsense").headers["www-authenticate"] == "Bearer"
    for scope in ("api", "import"):
        assert _read(api, api.token(administrator, scope=scope)).status_code == 403
    answer = _read(api, api.token(administrator, scope="metrics"))
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")


def test_counts_listed_operations_and_no_others(api: ApiHarness) -> None:
    administrator = api.add_administrator("FULL_ADMINISTRATOR")
    token, reader = api.token(administrator), api.token(administrator, scope="metrics")
    for name in ("Mine", "evil1", "evil2", "evil3"):
        api.execute_data(token, f"query {name} {{ viewer {{ __typename }} }}")
    api.execute(token, "query Wrong { nothing }")
    text = _read(api, reader).text
    found = {(kind, name, outcome) for kind, name, outcome, _ in re.findall(NAMES, text)}
    assert {("query", "Mine", "ok"), ("query", "other", "ok"), ("unknown", "other", "error")} <= found
    assert "evil" not in text and "Wrong" not in text
    for expected in (
        'partnerhub_operation_errors_total{code="GRAPHQL_VALIDATION_FAILED"}',
        'partnerhub_operation_seconds_bucket{kind="query",le="0.005",operation="Mine"}',
        "partnerhub_database_checkout_seconds_count ",
        'partnerhub_job_last_success_timestamp_seconds{job="evaluate_due"}',
        "partnerhub_feed_subscribers 0.0",
    ):
        assert expected in text, expected
    assert "_created{" not in text
    connections = re.search(r"^partnerhub_database_connections (\S+)$", text, re.MULTILINE)
    assert connections is not None and float(connections[1]) >= 1


def test_every_answer_has_the_id_of_its_request(api: ApiHarness) -> None:
    for path in ("/livez", "/graphql", "/nothing"):
        assert api.http.get(path, headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
        assert len(api.http.get(path).headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("port", "path", "status"),
    [(9100, "/metrics", 200), (9100, "/readyz", 200), (9100, "/graphql", 404), (8000, "/graphql", 200)],
)
async def test_its_own_port_serves_nothing_else(port: int, path: str, status: int) -> None:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    async def at_port(scope: Scope, receive: Receive, send: Send) -> None:
        # The Host header says nothing: the port is that of the socket.
        await MetricsPort(application, 9100)({**scope, "server": ("127.0.0.1", port)}, receive, send)

    async with httpx.AsyncClient(
        verify=False, transport=httpx.ASGITransport(at_port), base_url="http://hub:9100"
    ) as http:
        assert (await http.get(path)).status_code == status
