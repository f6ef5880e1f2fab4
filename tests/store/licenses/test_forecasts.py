"""How forecasts read: from the keys of an index, and a page of right sizing with its total at once."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.entitlements.forecasts import EndGroup
from domain.paging import PageRequest
from domain.types import AnalyticsProduct
from store.customers.visibility import ALL_CUSTOMERS, CustomerConditions
from store.database.client import Client
from store.database.scope import Scope
from store.licenses.forecasts import RightSizingQuery, list_right_sizing, read_end_groups
from store.licenses.lines import COLLECTION
from tests.store.customers.factory_lists import CommandRecorder
from tests.store.factory_customers import DAY, add_customer, partner_scope, subscription

MEETINGS = AnalyticsProduct.MEETINGS


@pytest.fixture
def recorder() -> CommandRecorder:
    """The commands of the client."""
    return CommandRecorder()


@pytest.fixture
async def scope(mongo_uri: str, database_name: str, recorder: CommandRecorder) -> AsyncIterator[Scope]:
    """A partner with six customers, each with two lines of one subscription that ends soon."""
    client = Client(mongo_uri, database_name, event_listeners=[recorder])
    scope = await partner_scope(client)
    for number in range(6):
        lines = [
            {"product": product, "total": 20, "assigned": number, "used": number, "day": None}
            for product in ("MEETINGS", "CALLING")
        ]
        await add_customer(
            scope, f"C-{number}", subscription(f"E-{number}", licenses=lines, ends_at=scope.now + 40 * DAY)
        )
    yield scope
    await client.close()


async def store_peaks(scope: Scope, *peaks: tuple[int, int]) -> None:
    """Store the peaks, given as days ago and use, with the line of Meetings of each customer."""
    first = {"first_peak_day": scope.now - peaks[0][0] * DAY, "first_peak_used": peaks[0][1]}
    stored = [{"day": scope.now - ago * DAY, "used": used} for ago, used in peaks]
    where = {**scope.match(), "product": "MEETINGS"}
    for line in await scope.collection(COLLECTION).find(where, {"_id": 1}):
        await scope.collection(COLLECTION).update_one({**where, **line}, {"$set": {"use_peaks": stored, **first}})


async def examine_forecast(
    scope: Scope,
    recorder: CommandRecorder,
    product: AnalyticsProduct | None,
    customers: CustomerConditions = ALL_CUSTOMERS,
) -> tuple[list[EndGroup], list[int]]:
    """Return the groups, and how many documents each aggregation examines."""
    recorder.take()
    groups = await read_end_groups(scope, product, 24, customers)
    asked = [command for command in recorder.take() if "aggregate" in command]
    return groups, [await _count_examined(scope.client, command) for command in asked]


async def _count_examined(client: Client, command: Any) -> int:
    asked = {name: command[name] for name in ("aggregate", "pipeline", "hint", "cursor")}
    told = await client.command({"explain": asked, "verbosity": "executionStats"})
    stats = told["executionStats"] if "executionStats" in told else told["stages"][0]["$cursor"]["executionStats"]
    return int(stats["totalDocsExamined"])


@pytest.mark.parametrize("product", [None, MEETINGS])
async def test_a_forecast_reads_documents_only_where_a_first_peak_has_left_the_period(
    scope: Scope, recorder: CommandRecorder, product: AnalyticsProduct | None
) -> None:
    lines = 6 if product else 12
    groups, examined = await examine_forecast(scope, recorder, product)
    assert examined == [0]
    assert [(group.sums.entitlements, group.sums.licenses) for group in groups] == [(6, 20 * lines)]
    used = 15 * lines // 6
    assert groups[0].sums.unused == 20 * lines - used

    await store_peaks(scope, (10, 18), (1, 7))
    groups, examined = await examine_forecast(scope, recorder, product)
    assert examined == [0]
    assert groups[0].sums.unused == 20 * lines - used + 15 - 6 * 18

    await store_peaks(scope, (100, 18), (1, 7))
    groups, examined = await examine_forecast(scope, recorder, product)
    assert examined == [0, lines]
    assert [(group.sums.entitlements, group.sums.licenses) for group in groups] == [(6, 20 * lines)]
    assert groups[0].sums.unused == 20 * lines - used + 15 - 6 * 7


async def test_a_forecast_of_some_customers_reads_keys_alone(scope: Scope, recorder: CommandRecorder) -> None:
    customers = await scope.collection("customers").find(scope.match(), {"_id": 1}, limit=2)
    chosen = [{"customer_id": {"$in": [customer["_id"]]}} for customer in customers]
    groups, examined = await examine_forecast(scope, recorder, None, chosen)
    assert examined == [0, 0]
    assert [group.sums.entitlements for group in groups] == [1, 1]


async def test_a_page_of_right_sizing_counts_all_rows(scope: Scope, recorder: CommandRecorder) -> None:
    customers = await scope.collection("customers").find(scope.match(), {"_id": 1})
    parts = [
        {"customer_id": {"$in": [customer["_id"] for customer in some]}} for some in (customers[:2], customers[2:])
    ]
    for conditions in (ALL_CUSTOMERS, parts):
        listing = list_right_sizing(scope, RightSizingQuery(MEETINGS, 90), conditions)
        recorder.take()
        page = await listing.page(PageRequest(first=4))
        assert ([row.assigned for row in page.rows], await listing.count()) == ([0, 1, 2, 3], 6)
        assert len(recorder.take()) == len(conditions)
        rest = await listing.page(PageRequest(first=4, after=page.end_cursor))
        assert ([row.assigned for row in rest.rows], rest.has_previous) == ([4, 5], True)
        counted = list_right_sizing(scope, RightSizingQuery(MEETINGS, 90), conditions)
        assert await counted.count() == 6
    nobody = list_right_sizing(scope, RightSizingQuery(MEETINGS, 90), ())
    assert await nobody.count() == 0 and list((await nobody.page(PageRequest(first=4))).rows) == []
