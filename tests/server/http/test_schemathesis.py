"""Operations that schemathesis generates from schema.graphql, sent to a live server: none may fail inside."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from tests.api_server import ApiHarness, running_shared_api
from tests.schema.factory_mutations import accept_terms
from tests.server_process import ROOT

CASES = 300
_DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
_INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))
_SCALARS = {
    "Date": _DAYS.map(lambda day: nodes.String(day.isoformat())),
    "DateTime": _INSTANTS.map(lambda instant: nodes.String(f"{instant.isoformat()}Z")),
    "Decimal": st.decimals(-1000, 1000, places=2).map(lambda number: nodes.String(str(number))),
    "JSON": st.text(max_size=5).map(nodes.String),
}
_TAG = 'mutation { createTag(input: {name: "Known", color: ORANGE, idempotencyKey: "k"}) { tag { id } } }'


@pytest.fixture(scope="module")
def api(mongo_uri: str) -> Iterator[ApiHarness]:
    with running_shared_api(mongo_uri) as harness:
        accept_terms(harness)
        yield harness


def test_no_generated_operation_fails_inside(api: ApiHarness) -> None:
    for name, values in _SCALARS.items():
        schemathesis.graphql.scalar(name, values)
    operations = schemathesis.graphql.from_path(ROOT / "schema.graphql").as_strategy()
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
    def send(case: schemathesis.Case[Any]) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        answer = api.http.post("/graphql", json={"query": case.body}, headers=headers)
        assert answer.status_code < 500, (case.body, answer.text)
        codes = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
        assert codes.isdisjoint({"INTERNAL", "UNAVAILABLE", "TIMEOUT"}), (case.body, answer.text)

    send()
