"""Kept KPIs on two processes: who made a change sees it at once on either, the others as soon as it is heard."""

import asyncio
from collections.abc import Iterator
from time import monotonic
from typing import Any

import httpx
import pytest

from server.http.graphql import SEEN_HEADER
from tests.server_process import ServerHarness

KPIS = "{ kpis(product: MEETINGS) { totalCustomers { count customers { totalCount } } } }"
START = """mutation($number: ID!) { startTrial(input: {licenses: [{product: MEETINGS, licenses: 5}], customer: {new: {
  name: "Somebody", externalId: $number}}}) { trial { id } userErrors { message } } }"""
END = "mutation($id: ID!) { endTrial(input: {id: $id, version: 1}) { trial { id } userErrors { message } } }"
ACCEPT = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { message } } }'


class KpiClient:
    """One client of one process, which shows what it has seen where `shows` says so."""

    def __init__(self, url: str, token: str) -> None:
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def execute(self, query: str, seen: str | None = None, **variables: Any) -> tuple[Any, str | None]:
        """The data, and the operation time of what was changed."""
        headers = {} if seen is None else {SEEN_HEADER: seen}
        answer = self.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"], answer.headers.get(SEEN_HEADER)

    def total(self, seen: str | None = None) -> int:
        kpi = self.execute(KPIS, seen)[0]["kpis"]["totalCustomers"]
        assert kpi["count"] == kpi["customers"]["totalCount"]
        return int(kpi["count"])


@pytest.fixture
def kpi_clients(mongo_uri: str, database_name: str) -> Iterator[tuple[KpiClient, KpiClient]]:
    harness = ServerHarness(mongo_uri, database_name)
    harness.make_partner()
    with harness.start_server() as one, harness.start_server() as other:
        yield KpiClient(one.url, harness.token()), KpiClient(other.url, harness.token())


def test_a_change_is_seen_by_its_maker_on_any_process_and_soon_by_all(kpi_clients: tuple[KpiClient, KpiClient]) -> None:
    one, other = kpi_clients
    one.execute(ACCEPT)
    assert (one.total(), other.total()) == (0, 0)
    for number in range(1, 11):
        started, seen = one.execute(START, number=f"N-{number}")
        assert seen is not None and started["startTrial"]["userErrors"] == []
        assert (other.total(seen), one.total(seen)) == (1, 1)
        _, seen = other.execute(END, id=started["startTrial"]["trial"]["id"])
        assert (one.total(seen), other.total(seen)) == (0, 0)
    one.execute(START, number="N-11")
    deadline = monotonic() + 5
    while other.total() != 1:
        assert monotonic() < deadline


def test_figures_stay_right_while_somebody_keeps_changing_them(kpi_clients: tuple[KpiClient, KpiClient]) -> None:
    """Each answer is one that was true after the change that the client had seen last."""
    one, other = kpi_clients
    one.execute(ACCEPT)

    async def both() -> None:
        writing = asyncio.create_task(asyncio.to_thread(_start_trials, one, 15))
        known = 0
        while not writing.done():
            total = await asyncio.to_thread(other.total)
            assert known <= total <= 15
            known = total
        last = await writing
        assert await asyncio.to_thread(other.total, last) == 15

    asyncio.run(both())


def _start_trials(client: KpiClient, trials: int) -> str | None:
    seen = None
    for number in range(trials):
        _, seen = client.execute(START, number=f"N-{number}")
    return seen
