"""A KPI is valid up to the millisecond at which an end enters the 90 days or a line becomes 30 days old."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from domain.customers.kpis import KpiKind
from domain.entitlements.peer_groups import build_peer_group, percentile_rank
from domain.types import AnalyticsProduct
from loaders.kpis import KpiKey, KpiLoader
from store.customers.customers import Customers
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.factory_documents import line
from tests.store.factory_customers import DAY, add_customers, partner_scope, subscription

HOUR, MS = timedelta(hours=1), timedelta(milliseconds=1)
FIVE = range(1, 6)
PRODUCTS = ("MEETINGS", "CALLING")


@pytest.fixture
async def scope(mongo_uri: str, prepared_database: str) -> AsyncIterator[Scope]:
    """Each of the next five hours, an end and a renewal enter the 90 days, and a line of each product grows old."""
    client = Client(mongo_uri, prepared_database)
    scope = await partner_scope(client)
    now = scope.now
    made: list[tuple[str, list[Document]]] = []
    for hour in FIVE:
        ends = {"added_at": now - 400 * DAY, "ends_at": now + 90 * DAY + hour * HOUR}
        made.append((f"EXP-{hour}", [subscription(f"EXP-{hour}", **ends)]))
        made.append((f"REN-{hour}", [subscription(f"REN-{hour}", auto_renew=True, **ends)]))
        lines = [line(product, 100, hour, 0) for product in PRODUCTS]
        made.append((f"NEW-{hour}", [held_until(f"NEW-{hour}", lines, now - 30 * DAY + hour * HOUR)]))
    for number in range(7):
        lines = [line(product, 100, 10 + number, 0) for product in PRODUCTS]
        made.append((f"OLD-{number}", [held_until(f"OLD-{number}", lines, now - 30 * DAY)]))
    await add_customers(scope, made)
    yield scope
    await client.close()


async def read_figure(scope: Scope, kpi: KpiKey) -> tuple[int, datetime]:
    return await KpiLoader(scope).read_figure(kpi, Customers(scope).count)


def held_until(number: str, lines: list[Document], added_at: datetime) -> Document:
    return subscription(number, licenses=lines, added_at=added_at, ends_at=utc_now() + 700 * DAY)


def nearing(auto_renew: bool) -> Callable[[list[Document], datetime], set[str]]:
    def customers(lines: list[Document], now: datetime) -> set[str]:
        ahead = [one for one in lines if now < one["ends_at"] <= now + 90 * DAY]
        return {one["customer_id"] for one in ahead if one["auto_renew"] is auto_renew}

    return customers


def low(lines: list[Document], now: datetime) -> set[str]:
    found = set()
    for product in {one["product"] for one in lines}:
        peers = [one for one in lines if one["product"] == product and one["added_at"] <= now - 30 * DAY]
        rates = sorted(one["rate"] for one in peers)
        threshold = build_peer_group(len(rates), rates[percentile_rank(len(rates)) - 1]).threshold
        found |= {one["customer_id"] for one in peers if threshold is not None and one["rate"] < threshold}
    return found


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        (KpiKind.NEARING_EXPIRATION, nearing(auto_renew=False)),
        (KpiKind.NEARING_RENEWAL, nearing(auto_renew=True)),
        (KpiKind.LOW_LICENSE_ASSIGNMENT, low),
    ],
)
@pytest.mark.parametrize("product", [None, AnalyticsProduct.MEETINGS])
async def test_a_kpi_is_valid_until_its_moment_and_not_a_millisecond_longer(
    scope: Scope, name: KpiKind, rule: Callable[[list[Document], datetime], set[str]], product: AnalyticsProduct | None
) -> None:
    products = PRODUCTS if product is None else [str(product)]
    lines = await scope.collection("license_lines").find({**scope.match(), "product": {"$in": list(products)}})
    figures, at = [], scope.now
    # An end that passes turns a figure too, but the first of them lies three months ahead.
    while at < scope.now + DAY:
        value, valid_until = await read_figure(replace(scope, now=at), KpiKey(name, product))
        just_before = replace(scope, now=min(valid_until, scope.now + DAY) - MS)
        assert (await read_figure(just_before, KpiKey(name, product)))[0] == value == len(rule(lines, at))
        figures.append((at - scope.now, value))
        at = valid_until
    assert [moment for moment, _ in figures] == [hour * HOUR for hour in (0, *FIVE)]
    assert len({value for _, value in figures}) > 1
