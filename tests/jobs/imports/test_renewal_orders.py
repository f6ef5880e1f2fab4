"""Whatever is delivered of a renewing subscription, and in whatever order: its orders stay, and every term has one."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, cast

from hypothesis import Phase, given, settings

from domain.imports.records import ImportKind
from domain.time.instants import add_months, format_instant
from jobs.clock import renew_due
from store.changes.consistency_check import check_customers
from store.changes.renewals import MAX_RENEWALS_PER_CHANGE
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.indexes import ensure_indexes
from tests import random_values as rv
from tests.domain.imports.factory_records import customer_record, order_record, subscription_record
from tests.jobs.imports.factory_imports import documents, find_only, import_lines
from tests.random_values import seeded
from tests.reference.api_client import EXAMPLES
from tests.store.factory_customers import partner_scope

BEGIN = datetime(2025, 1, 31, 10)
S, O = ImportKind.SUBSCRIPTIONS, ImportKind.ORDERS  # noqa: E741 (they stand beside each other)
Line = tuple[ImportKind, dict[str, Any]]


def _subscription(**facts: Any) -> Line:
    return S, subscription_record(startsAt="2024-12-01T00:00:00Z", **facts)


def _order(day: int) -> Line:
    # Some have the number of one of ours, which is for the same term (day 2) or for another one; some change their day.
    number = {2: "SUB-1-R1", 35: "SUB-1-R1b", 100: "SUB-1-R3"}.get(day, f"O{day % 5}")
    return O, order_record(number, kind="RENEWAL", placedAt=format_instant(BEGIN + timedelta(days=day)))


subscriptions = rv.builds(
    _subscription,
    autoRenew=rv.sampled_from([True, True, False]),
    termMonths=rv.sampled_from([1, 1, 1, 12]),
    endsAt=rv.sampled_from([0, 0, 0, 3, 20, 150]).map(lambda days: format_instant(BEGIN + timedelta(days=days))),
    cancelledAt=rv.sampled_from([None, None, None, "2025-06-01T00:00:00Z", "2100-01-01T00:00:00Z"]),
)
orders = rv.builds(_order, rv.sampled_from([2, 35, 100]) | rv.integers(-40, 200))
streams = rv.lists(subscriptions | orders, max_size=10)
# One round delivers and compares that many groups, each a customer with a subscription, which do not touch each other.
GROUPS = 12


def test_every_term_has_an_order_and_none_disappears(mongo_uri: str, database_name: str) -> None:
    partners = count()
    with asyncio.Runner() as runner:
        client = runner.run(_open(mongo_uri, database_name))

        @settings(max_examples=EXAMPLES // GROUPS, phases=[Phase.explicit, Phase.reuse, Phase.generate])
        @given(seeded(rv.lists(streams, min_size=GROUPS, max_size=GROUPS)))
        def holds(delivered: list[list[Line]]) -> None:
            runner.run(_deliver_all(client, f"partner-{next(partners)}", delivered))

        try:
            holds()
        finally:
            runner.run(client.close())


async def _open(uri: str, database: str) -> Client:
    client = Client(uri, database)
    await ensure_indexes(client)
    return client


async def _deliver_all(client: Client, partner: str, delivered: Sequence[Sequence[Line]]) -> None:
    """Deliver the lines of each group, the first ones of all together, then the second ones, and so on."""
    scope = await partner_scope(client, partner)
    groups = [Group(number, lines) for number, lines in enumerate(delivered)]
    await import_lines(scope, ImportKind.CUSTOMERS, *(customer_record(f"C-{one.number}") for one in groups))
    for place in range(max(len(group.lines) for group in groups)):
        together = [group for group in groups if place < len(group.lines)]
        for kind in (S, O):
            lines = [group.lines[place][1] for group in together if group.lines[place][0] is kind]
            assert not lines or (await import_lines(scope, kind, *lines)).refusals == []
        stored = await Stored.read(scope)
        for group in together:
            group.compare(*group.lines[place], *stored.of(group))
    await renew_due(client)
    stored = await Stored.read(scope)
    for group in groups:
        group.compare_terms(*stored.of(group))
    assert [problem async for problem in check_customers(scope)] == []


@dataclass(frozen=True)
class Stored:
    """The partner's subscriptions by number, and their orders."""

    subscriptions: dict[str, Document]
    orders: list[Document]

    @classmethod
    async def read(cls, scope: Scope) -> "Stored":
        held = await documents(scope, "entitlements")
        return cls({one["number"]: one for one in held}, await documents(scope, "orders"))

    def of(self, group: "Group") -> tuple[Document, list[Document]]:
        """The subscription of a group and its orders."""
        subscription = self.subscriptions[f"SUB-{group.number}"]
        return subscription, [one for one in self.orders if one["entitlement_id"] == subscription["_id"]]


class Group:
    """A customer with one subscription, the lines that are delivered, and what was stored before the next one."""

    def __init__(self, number: int, lines: Sequence[Line]) -> None:
        first = _subscription(autoRenew=True, termMonths=1, endsAt=format_instant(BEGIN))
        self.number = number
        self.lines = [(kind, self._own(line)) for kind, line in (first, *lines)]
        self._orders: list[Document] = []
        self._subscription: Document | None = None
        self._since = BEGIN

    def _own(self, line: dict[str, Any]) -> dict[str, Any]:
        """Return the line with the numbers of the group."""
        number = line["number"].replace("SUB-1", f"SUB-{self.number}")
        if "subscription" in line:
            own = number if number.startswith("SUB") else f"{number}.{self.number}"
            return {**line, "number": own, "subscription": f"SUB-{self.number}"}
        return {**line, "number": number, "customer": f"C-{self.number}"}

    def compare(self, kind: ImportKind, line: dict[str, Any], subscription: Document, orders: list[Document]) -> None:
        """Compare what is stored with what was stored before the line was delivered."""
        held = self._subscription
        _compare(self._orders, orders, line if kind is O else None)
        if held is not None and kind is S and held["first_ends_at"] == subscription["first_ends_at"]:
            # What renewals cover already gets no further orders, whatever the length of its terms is now.
            ids = {order["_id"] for order in self._orders}
            assert all(order["placed_at"] >= held["ends_at"] for order in orders if order["_id"] not in ids)
        self._since = _ordered_since(held, subscription, self._since)
        self._orders, self._subscription = orders, subscription

    def compare_terms(self, subscription: Document, orders: list[Document]) -> None:
        """Check that every term has an order."""
        if subscription["auto_renew"] and subscription["cancelled_at"] is None:
            assert all(_is_ordered(orders, *term) for term in _terms(subscription) if term[0] >= self._since)


def _compare(before: list[Document], after: list[Document], delivered: dict[str, Any] | None) -> None:
    """Assert that an order leaves only where a delivered one is for its term."""
    left = {order["_id"]: order for order in before}.keys() - {order["_id"] for order in after}
    gone = [order for order in before if order["_id"] in left]
    assert all(order["by_system"] for order in gone)
    if gone:
        (theirs,) = [order for order in after if delivered is not None and order["number"] == delivered["number"]]
        assert len(gone) == 1
        assert abs(gone[0]["placed_at"] - theirs["placed_at"]) < timedelta(days=14 * gone[0]["term_months"])


def _ordered_since(before: Document | None, after: Document, since: datetime) -> datetime:
    """Return from when on each present term has an order: a first end, or the end at which the terms changed."""
    if before is None or before["first_ends_at"] != after["first_ends_at"]:
        return cast("datetime", after["first_ends_at"])
    return cast("datetime", before["ends_at"]) if before["term_months"] != after["term_months"] else since


def _terms(subscription: Document) -> list[tuple[datetime, int]]:
    """Return the beginning and the months of each term that has begun after the first end."""
    months, first = subscription["term_months"], subscription["first_ends_at"]
    begins: Callable[[int], datetime] = lambda number: add_months(first, number * months)  # noqa: E731
    return [(begins(number), months) for number in range(400) if begins(number) <= utc_now()]


def _is_ordered(orders: list[Document], begins_at: datetime, months: int) -> bool:
    return any(
        order["kind"] == "RENEWAL" and abs(order["placed_at"] - begins_at) < timedelta(days=14 * months)
        for order in orders
    )


async def test_renewals_before_another_first_end_or_term_get_their_orders_from_the_job(client: Client) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, ImportKind.CUSTOMERS, customer_record())
    line = subscription_record(
        autoRenew=True, termMonths=1, startsAt="2001-01-01T00:00:00Z", endsAt="2001-01-15T00:00:00Z"
    )
    moved = {**line, "endsAt": format_instant(utc_now() + timedelta(days=20)), "termMonths": 12}
    await import_lines(scope, S, line, moved)
    first_end, now = datetime(2001, 1, 15), utc_now()
    due = next(n for n in range(400) if add_months(first_end, n) > now)
    assert len(await documents(scope, "orders")) == MAX_RENEWALS_PER_CHANGE < due
    assert [problem async for problem in check_customers(scope)] == []
    while await renew_due(client):
        # A repetition of the line changes nothing.
        assert (await import_lines(scope, S, moved)).counts == (0, 0, 1, 0)
    orders = [(order["number"], order["placed_at"], order["term_months"]) for order in await documents(scope, "orders")]
    assert sorted(orders) == sorted((f"SUB-1-R{n}", add_months(first_end, n - 1), 1) for n in range(1, due + 1))
    after = await find_only(scope, "entitlements")
    assert (after["renewals"], after["term_months"], after["renewal_backlog"]) == (0, 12, [])


async def test_a_term_that_shared_the_order_of_a_former_term_has_one_when_that_order_is_replaced(
    client: Client,
) -> None:
    scope = await partner_scope(client)
    await import_lines(scope, ImportKind.CUSTOMERS, customer_record())
    for end in ("2025-01-31T10:00:00Z", "2025-02-20T10:00:00Z"):
        await import_lines(
            scope, S, subscription_record(autoRenew=True, termMonths=1, startsAt="2024-12-01T00:00:00Z", endsAt=end)
        )
    await import_lines(scope, O, order_record(kind="RENEWAL", placedAt="2025-08-13T10:00:00Z"))
    placed = [order["placed_at"] for order in await documents(scope, "orders")]
    assert datetime(2025, 7, 31, 10) not in placed
    assert {datetime(2025, 7, 20, 10), datetime(2025, 8, 13, 10)} <= {*placed}
