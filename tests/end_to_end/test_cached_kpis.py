"""KPIs, totals and facets from memory on two processes: the author of a change sees it at once on both, others soon."""

import asyncio
from collections.abc import Iterator
from time import monotonic
from typing import Any

import httpx
import pytest

from server.http.graphql import SEEN_HEADER
from tests.server_process import ServerHarness

KPIS = """{ kpis(product: MEETINGS) { totalCustomers { count customers { totalCount } } }
  customers(filter: {product: [MEETINGS]}) { totalCount facets { product { value count } } } }"""
START = """mutation($number: ID!) { startTrial(input: {licenses: [{product: MEETINGS, licenses: 5}], customer: {new: {
  name: "Somebody", externalId: $number}}}) { trial { id } userErrors { message } } }"""
END = "mutation($id: ID!) { endTrial(input: {id: $id, version: 1}) { trial { id } userErrors { message } } }"
ACCEPT = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { message } } }'


class KpiClient:
    """A client of one process; it can send the operation time that it has seen."""

    def __init__(self, url: str, token: str) -> None:
        self.http = httpx.Client(verify=False, base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def execute(self, query: str, seen: str | None = None, **variables: Any) -> tuple[Any, str | None]:
        """Return the data, and the operation time of a change."""
        headers = {} if seen is None else {SEEN_HEADER: seen}
        answer = self.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"], answer.headers.get(SEEN_HEADER)

    def total(self, seen: str | None = None) -> int:
        data = self.execute(KPIS, seen)[0]
        kpi, customers = data["kpis"]["totalCustomers"], data["customers"]
        assert kpi["count"] == kpi["customers"]["totalCount"]
        if seen is not None:
            # Nobody else changes anything. Otherwise the figures of one answer may be some milliseconds apart.
            meetings = next(facet for facet in customers["facets"]["product"] if facet["value"] == "MEETINGS")
            assert kpi["count"] == customers["totalCount"] == meetings["count"]
        return int(kpi["count"])


@pytest.fixture
def kpi_clients(mongo_uri: str, database_name: str) -> Iterator[tuple[KpiClient, KpiClient]]:
    harness = ServerHarness(mongo_uri, database_name)
    harness.make_partner()
    with harness.start_server() as one, harness.start_server() as other:
        yield KpiClient(one.url, harness.token()), KpiClient(other.url, harness.token())


def test_the_author_sees_a_change_on_each_process_and_others_see_it_soon(
    kpi_clients: tuple[KpiClient, KpiClient],
) -> None:
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


def test_figures_are_correct_during_changes(kpi_clients: tuple[KpiClient, KpiClient]) -> None:
    """Each response is at least as new as the last change that the client has seen."""
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
