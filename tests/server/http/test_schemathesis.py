"""Operations that schemathesis generates from schema.graphql, sent to a live server: none may fail inside."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.api_server import ApiHarness, running_shared_api
from tests.prepared_database import PreparedDatabases
from tests.schema.factory_mutations import accept_terms
from tests.server_process import ROOT

CASES = 300
_TAG = 'mutation { createTag(input: {name: "Known", color: ORANGE, idempotencyKey: "k"}) { tag { id } } }'


@pytest.fixture(scope="module")
def api(prepared_databases: PreparedDatabases) -> Iterator[ApiHarness]:
    with running_shared_api(prepared_databases) as harness:
        accept_terms(harness)
        yield harness


def _operations() -> st.SearchStrategy[Any]:
    # To import it takes a second, which each process of a run would take at the collection.
    import schemathesis
    from schemathesis.graphql import nodes, scalar

    days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
    instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))
    scalar("Date", days.map(lambda day: nodes.String(day.isoformat())))
    scalar("DateTime", instants.map(lambda instant: nodes.String(f"{instant.isoformat()}Z")))
    scalar("Decimal", st.decimals(-1000, 1000, places=2).map(lambda number: nodes.String(str(number))))
    scalar("JSON", st.text(max_size=5).map(nodes.String))
    return schemathesis.graphql.from_path(ROOT / "schema.graphql").as_strategy()


def test_no_generated_operation_fails_inside(api: ApiHarness) -> None:
    operations = _operations()
    token = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
    api.execute_data(token, _TAG)

    @given(case=operations)
    # The same operations in every run: generating smaller ones for a failure would take minutes.
    @settings(
        max_examples=CASES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        answer = api.http.post("/graphql", json={"query": case.body}, headers=headers)
        assert answer.status_code < 500, (case.body, answer.text)
        codes = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
        assert codes.isdisjoint({"INTERNAL", "UNAVAILABLE", "TIMEOUT"}), (case.body, answer.text)

    send()
