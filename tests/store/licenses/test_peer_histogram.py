"""The kept counts of peer groups: always what the lines say, however many write, fold and read at once."""

import asyncio
import random
from datetime import timedelta
from typing import Any

from domain.entitlements.peer_groups import (
    MAX_RATE_STEP,
    PeerGroup,
    build_peer_group,
    latest_peer_addition,
    percentile_rank,
    rate_step,
)
from domain.types import ActivityKind, AnalyticsProduct
from store.changes.customer_batch import CustomerBatch, change_customers
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.events.log import EventDraft
from store.licenses.peer_groups import read_peer_groups
from store.licenses.peer_histogram import (
    fold_histogram,
    fold_histograms,
    is_histogram_correct,
    read_histogram,
    rebuild_histogram,
)
from tests.factory_documents import line
from tests.store.factory_customers import DAY, add_customer, add_customers, partner_scope, subscription

PRODUCTS = [str(product) for product in AnalyticsProduct]


def held(number: str, assigned: int, total: int = 10, product: str = "MEETINGS", days: int = 40) -> Document:
    """A subscription with one line, added so many days ago."""
    lines = [line(product, total, assigned, 0)]
    return subscription(number, licenses=lines, added_at=utc_now() - days * DAY)


async def change(scope: Scope, external_id: str, number: str, **fields: Any) -> None:
    async def body(batch: CustomerBatch) -> None:
        (work,) = batch.changes
        work.update_entitlement(number, fields)
        work.add_event(EventDraft(ActivityKind.CUSTOMER_CHANGED, work.id, "changed"))

    await change_customers(scope, {"external_id": external_id}, body)


async def compute_peer_group(scope: Scope, product: str) -> PeerGroup:
    """The group from all lines, one by one."""
    found = await scope.collection("license_lines").find({**scope.match(), "product": product})
    until = latest_peer_addition(scope.now)
    rates = sorted(one["peer_rate"] for one in found if one["peer_rate"] is not None and one["added_at"] <= until)
    return build_peer_group(len(rates), rates[percentile_rank(len(rates)) - 1]) if rates else PeerGroup(0, None)


async def test_each_change_of_a_line_changes_the_histogram(client: Client) -> None:
    scope = await partner_scope(client)
    await add_customer(scope, "C-1", held("S-1", 4), held("S-2", 4), held("S-3", 2, 4), held("S-4", 9))
    assert await read_histogram(scope) == {("MEETINGS", 40): 2, ("MEETINGS", MAX_RATE_STEP): 1}
    await change(scope, "C-1", "S-1", licenses=[line("CALLING", 100, 29, 0)])
    assert await read_histogram(scope) == {
        ("MEETINGS", 40): 1,
        ("MEETINGS", MAX_RATE_STEP): 1,
        ("CALLING", rate_step(0.29)): 1,
    }
    await change(scope, "C-1", "S-4", ends_at=utc_now() - DAY, first_ends_at=utc_now() - DAY)
    await change(scope, "C-1", "S-2", suspended=True)
    # What changes no count leaves nothing behind.
    assert await scope.collection("peer_histogram").count(scope.match()) == 3
    assert await read_histogram(scope) == {("MEETINGS", 40): 1, ("CALLING", rate_step(0.29)): 1}
    assert await is_histogram_correct(scope)


async def test_peer_groups_follow_the_rule_for_any_rates(client: Client) -> None:
    scope = await partner_scope(client)
    rng = random.Random(7)
    totals = (5, 7, 8, 9, 100, 1000)
    made: list[tuple[str, list[Document]]] = []
    for number in range(300):
        total = rng.choice(totals)
        # Ties, zeros, full and over; some lie on the very hundredths, and some are not old enough.
        assigned = rng.choice((0, total, total + 3, total // 2, rng.randrange(total), rng.randrange(total)))
        product, days = rng.choice(PRODUCTS), rng.choice((31, 40, 29, 1))
        made.append((f"C-{number}", [held(f"S-{number}", assigned, total, product, days)]))
    for start in range(0, 300, 20):
        await add_customers(scope, made[start : start + 20])
        now = utc_now()
        for ahead in (timedelta(), 2 * DAY, 40 * DAY):
            later = Scope(client, scope.partner_id, now + ahead)
            found = await read_peer_groups(later, PRODUCTS, later.now)
            assert found == {product: await compute_peer_group(later, product) for product in PRODUCTS}
    assert await is_histogram_correct(scope)


async def test_folding_keeps_the_counts(client: Client) -> None:
    scope = await partner_scope(client)
    for number in range(25):
        await add_customer(scope, f"C-{number}", held(f"S-{number}", number % 10))
    before = await read_histogram(scope)
    assert await fold_histograms(client) == 1
    assert await scope.collection("peer_histogram").count(scope.match()) == 1
    assert await read_histogram(scope) == before and await fold_histograms(client) == 0


async def test_concurrent_writes_and_folds_never_show_wrong_counts(client: Client) -> None:
    scope = await partner_scope(client)
    await add_customers(scope, ((f"C-{n}", [held(f"S-{n}", n % 7)]) for n in range(20)))
    written = asyncio.Event()

    async def write(number: int) -> None:
        for assigned in range(8):
            await change(scope, f"C-{number}", f"S-{number}", licenses=[line("MEETINGS", 10, assigned, 0)])

    async def read_on() -> None:
        # A line moves from one count to another in one transaction: the sum never shows half of that.
        while not written.is_set():
            assert sum((await read_histogram(scope)).values()) == 20

    async def fold_on() -> None:
        while not written.is_set():
            await fold_histogram(scope)
            await asyncio.sleep(0)

    around = [asyncio.create_task(work()) for work in (read_on, read_on, fold_on, fold_on)]
    await asyncio.gather(*(write(number) for number in range(20)))
    written.set()
    await asyncio.gather(*around)
    assert await is_histogram_correct(scope)
    assert await read_histogram(scope) == {("MEETINGS", 70): 20}


async def test_a_rebuild_corrects_wrong_counts(client: Client) -> None:
    scope = await partner_scope(client)
    await add_customer(scope, "C-1", held("S-1", 4), held("S-2", 5))
    right = await read_histogram(scope)
    assert await rebuild_histogram(scope)
    await scope.collection("peer_histogram").delete_many(scope.match())
    assert not await is_histogram_correct(scope)
    assert not await rebuild_histogram(scope)
    assert await read_histogram(scope) == right


async def test_inconsistent_counts_fall_back_to_counting_lines(client: Client) -> None:
    scope = await partner_scope(client)
    await add_customers(scope, ((f"C-{n}", [held(f"S-{n}", n)]) for n in range(8)))
    wrong: Document = {"counts": {"MEETINGS:33": 9}}
    await scope.collection("peer_histogram").update_one(scope.match(), {"$set": wrong})
    now = utc_now()
    assert await read_peer_groups(scope, PRODUCTS, now) == {
        "MEETINGS": PeerGroup(8, 0.1),
        "CALLING": PeerGroup(0, None),
    }
