"""Kept KPIs on two processes: who made a change sees it at once on either, the others as soon as it is heard."""

import asyncio
from collections.abc import Iterator
from time import monotonic
from typing import Any

import httpx
import pytest

from server.http.graphql import SEEN_HEADER
from tests.app_state import Hub

KPIS = "{ kpis(product: MEETINGS) { totalCustomers { count customers { totalCount } } } }"
START = """mutation($number: ID!) { startTrial(input: {licenses: [{product: MEETINGS, licenses: 5}], customer: {new: {
  name: "Somebody", externalId: $number}}}) { trial { id } userErrors { message } } }"""
END = "mutation($id: ID!) { endTrial(input: {id: $id, version: 1}) { trial { id } userErrors { message } } }"
ACCEPT = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { message } } }'


class Asker:
    """One client of one process, which shows what it has seen where `shows` says so."""

    def __init__(self, url: str, token: str) -> None:
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def ask(self, query: str, seen: str | None = None, **variables: Any) -> tuple[Any, str | None]:
        """The data, and the operation time of what was changed."""
        headers = {} if seen is None else {SEEN_HEADER: seen}
        answer = self.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"], answer.headers.get(SEEN_HEADER)

    def total(self, seen: str | None = None) -> int:
        kpi = self.ask(KPIS, seen)[0]["kpis"]["totalCustomers"]
        assert kpi["count"] == kpi["customers"]["totalCount"]
        return int(kpi["count"])


@pytest.fixture
def two(mongo_uri: str, database_name: str) -> Iterator[tuple[Asker, Asker]]:
    hub = Hub(mongo_uri, database_name)
    hub.make_partner()
    with hub.serving() as one, hub.serving() as other:
        yield Asker(one.url, hub.token()), Asker(other.url, hub.token())


def test_a_change_is_seen_by_its_maker_on_any_process_and_soon_by_all(two: tuple[Asker, Asker]) -> None:
    one, other = two
    one.ask(ACCEPT)
    assert (one.total(), other.total()) == (0, 0)
    for number in range(1, 11):
        started, seen = one.ask(START, number=f"N-{number}")
        assert seen is not None and started["startTrial"]["userErrors"] == []
        assert (other.total(seen), one.total(seen)) == (1, 1)
        _, seen = other.ask(END, id=started["startTrial"]["trial"]["id"])
        assert (one.total(seen), other.total(seen)) == (0, 0)
    one.ask(START, number="N-11")
    deadline = monotonic() + 5
    while other.total() != 1:
        assert monotonic() < deadline


def test_figures_stay_right_while_somebody_keeps_changing_them(two: tuple[Asker, Asker]) -> None:
    """Each answer is one that was true after the change that the asker had seen last."""
    one, other = two
    one.ask(ACCEPT)

    async def both() -> None:
        writing = asyncio.create_task(asyncio.to_thread(_start, one, 15))
        known = 0
        while not writing.done():
            total = await asyncio.to_thread(other.total)
            assert known <= total <= 15
            known = total
        last = await writing
        assert await asyncio.to_thread(other.total, last) == 15

    asyncio.run(both())


def _start(asker: Asker, trials: int) -> str | None:
    seen = None
    for number in range(trials):
        _, seen = asker.ask(START, number=f"N-{number}")
    return seen
