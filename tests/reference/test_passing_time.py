"""Whatever is delivered while time passes: what the clock alone changes, and which alerts are open, is as in the model.

Time does not pass by itself here: the clock is moved, by an hour or by months, and the jobs of the clock run.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from random import Random
from time import monotonic

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from domain.customers.filter import find_conditions
from domain.types import PartnerRole
from jobs.clock import evaluate_due, expire_assignments, renew_due
from jobs.integrations.alert_maker import AlertMaker
from store.changes.consistency_check import check_customers
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.feed.feed import Feed
from store.indexes import ensure_indexes
from store.integrations.alert_making import new_scan
from store.tenants.partners import Partners
from tests import random_values as rv
from tests.api_server import administrator_document
from tests.moved_clock import MovedClock, moved_clock
from tests.reference import model
from tests.reference.alert_model import AlertModel, OpenAlert, WatchedBy
from tests.reference.api_client import EXAMPLES
from tests.reference.customer_worlds import DAY, GROUPS, KINDS, ORDERS, Question, Streams, group_examples
from tests.reference.partner_comparison import REFUSED_IN_ALERTS, FollowingIndex, PartnerComparison
from tests.reference.partner_deliveries import add_rules, add_tags, deliver, put_tags, to_asked, to_delivered
from tests.store.factory_alerts import add_alert_rule, add_progress

# Before a turn of deliveries; together less than a month, because older license figures are refused.
SHORT_MOVES = rv.sampled_from([1.0, 2.5, DAY + 1, 6 * DAY, 8 * DAY])
# After the last turn: to the ends of windows, over renewals, and until everything has ended.
LONG_MOVES = rv.sampled_from([1.0, 5 * DAY, 7 * DAY + 0.5, 40 * DAY, 400 * DAY, 1000 * DAY])
Example = tuple[list[Streams], list[Question], list[float], list[float]]


@rv.composite
def examples(draw: rv.Draw) -> Example:
    """Streams and questions, and the hours that pass before each later turn and after the last one."""
    streams, asked = draw(group_examples())
    turns = {turn for each in streams for turn, _, _ in each}
    return streams, asked, [draw(SHORT_MOVES) for _ in range(max(turns))], [draw(LONG_MOVES) for _ in range(2)]


def test_what_time_changes_is_what_domain_md_says(mongo_uri: str, database_name: str) -> None:
    partners = count()

    @settings(max_examples=max(1, EXAMPLES // GROUPS // 5), phases=[Phase.explicit, Phase.reuse, Phase.generate])
    # A whole example is too long to be printed.
    @given(st.integers(0, 2**64 - 1))
    def agree(seed: int) -> None:
        with moved_clock() as clock, asyncio.Runner() as runner:
            runner.run(
                _compared(mongo_uri, database_name, f"partner-{next(partners)}", clock, examples().draw(Random(seed)))
            )

    agree()


async def _compared(uri: str, database: str, partner: str, clock: MovedClock, example: Example) -> None:
    streams, asked, moves, last_moves = example
    async with _running_feed(uri, database) as (client, feed):
        world = await World.create(Scope(client, partner, utc_now()), feed, clock, asked)
        async with asyncio.timeout(240):
            await world.deliver_turn(streams, 0)
            await world.add_alert_rules()
            maker = asyncio.create_task(AlertMaker(client, feed, partner).run())
            try:
                await world.wait_for_scans()
                for turn, hours in enumerate(moves, 1):
                    await world.move(hours)
                    await world.deliver_turn(streams, turn)
                for hours in last_moves:
                    await world.move(hours)
            finally:
                maker.cancel()
                await asyncio.wait({maker})
        # The jobs look at all partners.
        await client.collection("customers").delete_many({"partner_id": partner})


@asynccontextmanager
async def _running_feed(uri: str, database: str) -> AsyncIterator[tuple[Client, Feed]]:
    client = Client(uri, database)
    await ensure_indexes(client)
    feed = Feed(uri, database, [b"secret"])
    await feed.start()
    try:
        yield client, feed
    finally:
        await feed.stop()
        await client.close()


@dataclass
class World:
    """A partner while time passes, beside its models."""

    scope: Scope
    feed: Feed
    clock: MovedClock
    asked: list[Question]
    rules: dict[str, model.Facts]
    index: FollowingIndex
    delivered: list[model.ModelPartner] = field(default_factory=lambda: [model.ModelPartner() for _ in range(GROUPS)])
    alerts: AlertModel | None = None
    seen: set[str] = field(default_factory=set)

    @classmethod
    async def create(cls, scope: Scope, feed: Feed, clock: MovedClock, asked: list[Question]) -> "World":
        await Partners(scope).create("Somebody", [])
        await add_tags(scope)
        rules = await add_rules(scope, [to_asked(one.filter, scope.now) for one in asked])
        return cls(scope, feed, clock, asked, dict(rules), await FollowingIndex.build(scope))

    async def deliver_turn(self, streams: list[Streams], turn: int) -> None:
        """Deliver the streams of a turn, and compare after each."""
        for place in sorted({place for each in streams for place in each if place[0] == turn}):
            kind, now = KINDS[place[1]], utc_now()
            lines = [to_delivered(each.get(place, []), self.scope.now) for each in streams]
            if kind == "tags":
                await put_tags(self.scope, self.delivered, lines)
            else:
                await deliver(self.scope, self.delivered, kind, lines, now)
            await self._follow()
        await self._compare_all()

    async def move(self, hours: float) -> None:
        """Let time pass, and the jobs do what is due."""
        self.clock.move(hours)
        for facts in self.delivered:
            facts.memo.clear()
        for job in (evaluate_due, renew_due, expire_assignments):
            while await job(self.scope.client):
                pass
        await self._follow()
        await self._compare_all()

    async def add_alert_rules(self) -> None:
        """Add rules of which each watches all statuses of what a question asks for."""
        comparison = await self._read()
        full = administrator_document(self.scope, PartnerRole.FULL_ADMINISTRATOR)
        await self.scope.collection("administrators").insert_many([full])
        await add_progress(self.scope, self.feed.position)
        rules = {}
        for raw, _, _, viewer in self.asked:
            asked = to_asked(raw, self.scope.now)
            if REFUSED_IN_ALERTS.isdisjoint(find_conditions(asked)):
                owner = full["_id"] if viewer is None else comparison.ids[viewer]
                watched = {
                    "filter": comparison.given(asked),
                    "statuses": [*model.STATUSES],
                    "scan": new_scan(utc_now()),
                }
                id_ = await add_alert_rule(self.scope, owner, **watched)
                rules[id_] = WatchedBy(asked, model.STATUSES, viewer)
        self.alerts = AlertModel(rules, comparison)

    async def wait_for_scans(self) -> None:
        """Wait until the new rules were compared with all customers: nothing may change before."""
        while await self.scope.collection("alert_rules").find({**self.scope.match(), "scan": {"$ne": None}}):
            await asyncio.sleep(0.02)

    async def _read(self) -> PartnerComparison:
        return await PartnerComparison.read(self.scope, self.delivered, self.rules, self.index)

    async def _follow(self) -> None:
        """Let the index and the model of alerts follow the events of the last change."""
        await self.index.follow()
        where = {**self.scope.match(), "kind": "STATUS_CHANGED"}
        events = await self.scope.collection("events").find(where, sort=[("_id", 1)])
        new = [event for event in events if event["_id"] not in self.seen]
        self.seen |= {event["_id"] for event in new}
        if self.alerts is not None:
            self.alerts.apply(new, await self._read())

    async def _compare_all(self) -> None:
        comparison = await self._read()
        await comparison.compare_customers()
        await comparison.compare_ruled_tags()
        assert [problem async for problem in check_customers(self.scope)] == []
        for order in ORDERS:
            assert await comparison.read_list({}, order, None) == comparison.expected({}, order, None)
        for raw, order, _, viewer in self.asked:
            condition = to_asked(raw, self.scope.now)
            expected = comparison.expected(condition, order, viewer)
            assert await comparison.read_list(condition, order, viewer) == expected
            assert await comparison.read_count(condition, viewer) == len(expected)
        if self.alerts is not None:
            await self._compare_alerts(self.alerts.open)

    async def _compare_alerts(self, expected: set[OpenAlert]) -> None:
        """The maker follows the log: it is given half a minute to have the alerts of the model, each once."""
        where: Document = {**self.scope.match(), "state": "OPEN"}
        deadline = monotonic() + 30
        while True:
            alerts = await self.scope.collection("alerts").find(where)
            found = sorted((each["rule_id"], each["customer_id"], each["status"]) for each in alerts)
            if found == sorted(expected):
                return
            missing, too_many = sorted(expected - {*found}), sorted({*found} - expected)
            assert monotonic() < deadline, (missing, too_many, len(found), len(expected))
            await asyncio.sleep(0.05)
