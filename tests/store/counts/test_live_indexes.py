"""The indexes of a process: they answer as MongoDB does, show what the caller has seen, and else do not answer."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from domain.cursors.feed import Position
from domain.customers.conditions import EVERYTHING, AllOf
from domain.customers.filter import parse_filter
from domain.types import ActivityKind, PartnerRole
from store.changes.customer_batch import CustomerBatch, change_customers, evaluate_customers
from store.counts.live_index import LiveIndex
from store.counts.live_indexes import LiveIndexes
from store.customers.customers import CUSTOMER_INDEXES, Customers
from store.database.client import Client, Session
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.events.log import EventDraft
from store.tags.customer_tags import Tagging
from store.tags.retagging import Retagging
from store.tenants.partners import Partners
from tests.store.customers.factory_lists import ADMINISTRATORS, DAY, NAMES, TAGS, assignment, customer_document
from tests.store.factory_customers import PARTNER, add_customer, partner_scope, subscription, trial
from tests.store.feed.factory_feeds import running_feed

MEGABYTE = 1_000_000
FILTERS: list[dict[str, Any]] = [
    {},
    {"status": ["TRIAL", "EXPIRING_SOON"]},
    {"not_": {"product": ["MEETINGS"]}},
    {"search": "mul"},
    {"search": "會"},
    {"search": "s 1"},
    {"tag": [TAGS[0]]},
    {"has_tags": False, "has_assignments": True},
    {"administrator": [ADMINISTRATORS[1]], "country": ["DE"]},
    {"expires_within_days": 30},
    {"renews_within_days": 365},
    {"any_of": [{"kpi": {"kind": kind}} for kind in ("TOTAL_CUSTOMERS", "NEARING_EXPIRATION", "OVER_LICENSE_LIMIT")]},
    {"kpi": {"kind": "NEARING_RENEWAL", "product": "CALLING"}},
    {"created_at": {"since": datetime(2026, 1, 1)}, "last_administrator_sign_in_at": {"until": datetime(2026, 6, 1)}},
]


@dataclass
class StillFeed:
    """A feed without a database."""

    listeners: list[Callable[[Any], None]] = field(default_factory=list)
    gap_listeners: list[Callable[[], None]] = field(default_factory=list)
    position: Position = field(default_factory=lambda: Position(0))
    is_fresh: bool = True

    async def wait_until_reached(self, time: int, seconds: float) -> bool:
        """Return at once."""
        return self.position.time >= time


@pytest.fixture
async def scope(mongo_uri: str, database_name: str) -> AsyncIterator[Scope]:
    client = Client(mongo_uri, database_name)
    await client.collection("customers").create_indexes(CUSTOMER_INDEXES)
    yield Scope(client, PARTNER, utc_now())
    await client.close()


@asynccontextmanager
async def indexes_of(scope: Scope, feed: Any, max_bytes: int = 100 * MEGABYTE) -> AsyncIterator[LiveIndexes]:
    indexes = LiveIndexes(scope.client, feed, max_bytes)
    try:
        yield indexes
    finally:
        await indexes.stop()


async def build(indexes: LiveIndexes, scope: Scope) -> None:
    assert await indexes.count(scope, EVERYTHING, 0) is None
    await wait_until_built()


async def wait_until_built() -> None:
    """Wait for the index that is being built, if there is one."""
    if building := {task for task in asyncio.all_tasks() if task.get_name() == "customer index"}:
        await asyncio.wait(building)


async def add_documents(scope: Scope, count: int) -> None:
    rng = random.Random(7)
    await scope.collection("customers").insert_many([customer_document(rng, number) for number in range(count)])


class RandomWrites:
    """Changes of a partner's customers through the write path."""

    def __init__(self, scope: Scope, rng: random.Random) -> None:
        self.scope, self.rng, self.count = scope, rng, 0

    async def write(self) -> None:
        """Make one change."""
        await self.rng.choice([self.add, self.change, self.change_entitlement, self.tag, self.remove, self.evaluate])()

    async def add(self) -> None:
        self.count += 1
        now, rng = utc_now(), self.rng
        figures = {"total": 10, "used": 0, "day": None}
        lines = [{"product": one, "assigned": rng.randrange(14), **figures} for one in self.products()]
        ends = {"ends_at": now + rng.choice([timedelta(milliseconds=400), 5 * DAY, 200 * DAY])}
        held = [subscription(f"S-{self.count}", licenses=lines, auto_renew=rng.random() < 0.5, **ends)]
        held += [trial(f"T-{self.count}")] if rng.random() < 0.5 else []
        facts = {"name": rng.choice(NAMES), "country": rng.choice(["DE", None]), "assignments": self.assignments()}
        await add_customer(self.scope, f"ORG-{self.count}", *held, **facts)

    def products(self) -> list[str]:
        return self.rng.sample(["MEETINGS", "CALLING", "MESSAGING"], self.rng.randrange(1, 4))

    def assignments(self) -> list[dict[str, Any]]:
        end = self.rng.choice([None, utc_now() + timedelta(milliseconds=300), utc_now() + DAY])
        return [assignment(id_, end) for id_ in ADMINISTRATORS if self.rng.random() < 0.5]

    def where(self) -> dict[str, Any]:
        return {"external_id": f"ORG-{self.rng.randrange(max(1, self.count)) + 1}"}

    async def change(self) -> None:
        signed_in = {"last_administrator_sign_in_at": utc_now() - self.rng.randrange(300) * DAY}
        await self._update({"name": self.rng.choice(NAMES), "assignments": self.assignments(), **signed_in})

    async def remove(self) -> None:
        await self._update({"removed_at": self.rng.choice([None, utc_now()])})

    async def _update(self, fields: dict[str, Any]) -> None:
        async def body(batch: CustomerBatch) -> None:
            for change in batch.changes:
                change.update_customer(fields)
                change.add_event(EventDraft(ActivityKind.CUSTOMER_CHANGED, change.id, "It changed"))

        await change_customers(self.scope, self.where(), body)

    async def change_entitlement(self) -> None:
        changes: list[dict[str, Any]] = [{"suspended": True, "suspended_at": utc_now()}, {"cancelled_at": utc_now()}]
        fields = self.rng.choice(changes)

        async def body(batch: CustomerBatch) -> None:
            for change in batch.changes:
                for number in change.entitlements:
                    change.update_entitlement(number, fields)
                    change.add_event(EventDraft(ActivityKind.SUBSCRIPTION_CHANGED, change.id, "It changed"))

        await change_customers(self.scope, self.where(), body)

    async def tag(self) -> None:
        tagging = Tagging({self.rng.choice(TAGS): "Tag"}, is_addition=self.rng.random() < 0.6)

        async def body(session: Session) -> None:
            partner = await Partners(self.scope).get(session=session)
            await Retagging(self.scope, session, None, tagging, partner).run(self.where())

        await in_transaction(self.scope.client, body)

    async def evaluate(self) -> None:
        found = await self.scope.collection("customers").find(self.scope.match(), {"_id": 1})
        await evaluate_customers(self.scope, [customer["_id"] for customer in found])


async def told(answer: Callable[[], Any]) -> Any:
    """Return the answer of the index; on a busy machine the feed is at times not fresh."""
    async with asyncio.timeout(20):
        while (found := await answer()) is None:
            await asyncio.sleep(0.02)
    return found


async def test_another_process_answers_as_mongodb_after_any_writes(mongo_uri: str, database_name: str) -> None:
    writer, reader = Client(mongo_uri, database_name), Client(mongo_uri, database_name)
    await writer.collection("customers").create_indexes(CUSTOMER_INDEXES)
    writes = RandomWrites(await partner_scope(writer), random.Random(2026))
    for _ in range(6):
        await writes.add()
    async with running_feed(mongo_uri, database_name) as feed:
        system = Scope(reader, PARTNER, utc_now())
        async with indexes_of(system, feed) as indexes:
            await build(indexes, system)
            for round_ in range(45):
                await writes.write()
                seen = writer.last_commit
                scope = replace(system, now=utc_now())
                if round_ % 3 == 0:
                    scope = replace(scope, administrator_id=ADMINISTRATORS[0], role=PartnerRole.ADMINISTRATOR)
                for raw in writes.rng.sample(FILTERS, 4):
                    condition = parse_filter(raw)
                    expected = await Customers(scope).count(condition)
                    assert await told(partial(indexes.count, scope, condition, seen)) == expected, raw
                facets = await told(partial(indexes.facets, scope, EVERYTHING, seen))
                assert facets == await Customers(scope).facets(EVERYTHING)
    await writer.close()
    await reader.close()


async def test_an_index_does_not_answer_who_has_seen_more(scope: Scope) -> None:
    await add_documents(scope, 3)
    feed = StillFeed(position=Position(5 << 32))
    async with indexes_of(scope, feed) as indexes:
        await build(indexes, scope)
        assert await indexes.count(scope, EVERYTHING, 5 << 32) == 3
        assert await indexes.count(scope, EVERYTHING, 6 << 32) is None
        assert await indexes.count(scope, EVERYTHING, 1 << 62) is None
        scope.client.last_commit = 6 << 32
        assert await indexes.count(scope, EVERYTHING, 0) is None
        feed.position = Position(6 << 32)
        assert await indexes.count(scope, EVERYTHING, 0) == 3
        feed.is_fresh = False
        assert await indexes.count(scope, EVERYTHING, 0) is None


async def test_an_index_is_built_again_after_a_gap(scope: Scope) -> None:
    await add_documents(scope, 3)
    feed = StillFeed()
    async with indexes_of(scope, feed) as indexes:
        await build(indexes, scope)
        assert await indexes.count(scope, EVERYTHING, 0) == 3
        for on_gap in feed.gap_listeners:
            on_gap()
        await build(indexes, scope)
        assert await indexes.count(scope, EVERYTHING, 0) == 3


async def test_memory_is_bounded(scope: Scope) -> None:
    await add_documents(scope, 30)
    async with indexes_of(scope, StillFeed(), max_bytes=1) as indexes:
        for _ in range(2):
            assert await indexes.count(scope, EVERYTHING, 0) is None
            await wait_until_built()
        assert indexes.bytes == 0
    async with indexes_of(scope, StillFeed(), max_bytes=0) as indexes:
        await build(indexes, scope)
        assert await indexes.count(scope, AllOf(()), 0) is None
    async with indexes_of(scope, StillFeed(), max_bytes=MEGABYTE) as indexes:
        await build(indexes, scope)
        size = indexes.bytes
        assert size > 0
    async with indexes_of(scope, StillFeed(), max_bytes=size + 100) as indexes:
        await build(indexes, scope)
        other = replace(scope, partner_id="other")
        await build(indexes, other)
        assert await indexes.count(other, EVERYTHING, 0) == 0
        assert await indexes.count(scope, EVERYTHING, 0) is None


async def test_a_change_is_read_that_comes_while_the_read_before_it_ends(scope: Scope) -> None:
    await add_documents(scope, 2)
    live = LiveIndex(scope.client, scope.partner_id)
    assert await live.build(MEGABYTE)
    await live._lock.acquire()
    live.mark_changed("cus_1")
    reading = live._reading
    assert reading is not None
    while not live._lock._waiters:
        await asyncio.sleep(0)

    async def change_again() -> int | None:
        async with live._lock:
            # The read has ended, and its callbacks have not run.
            assert reading.done()
        live.mark_changed("cus_1")
        return await live.count(scope, EVERYTHING)

    changing = asyncio.create_task(change_again())
    await asyncio.sleep(0)
    live._lock.release()
    assert await asyncio.wait_for(changing, 10) == 2
    assert live.changed_count == 0


async def test_small_segments_are_merged_while_customers_change(scope: Scope) -> None:
    await add_documents(scope, 140)
    live, condition = LiveIndex(scope.client, scope.partner_id), parse_filter(FILTERS[-1])
    assert await live.build(MEGABYTE)
    expected = await live.count(scope, condition)
    for _ in range(30):
        for number in range(140):
            live.mark_changed(f"cus_{number}")
        assert await live.count(scope, condition) == expected
    while live._merging is not None:
        await asyncio.wait({live._merging})
        await asyncio.sleep(0)
    assert await live.count(scope, condition) == expected
    assert len(live._index._segments) < 8
    await live.stop()
    assert live._merging is None
