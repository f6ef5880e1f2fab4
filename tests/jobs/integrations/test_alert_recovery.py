"""Makers of alerts that die, that run twice, or that missed events: no alert is lost, and none is made twice."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from domain.cursors.feed import Position
from domain.failures import CursorExpired
from domain.types import PartnerRole
from jobs.integrations.alert_maker import AlertMaker
from store.changes.customer_batch import CustomerBatch, change_customers
from store.database.scope import Scope
from store.feed.feed import Feed
from tests.api_server import administrator_document
from tests.store.factory_alerts import add_alert, add_alert_rule, add_progress
from tests.store.factory_customers import add_customers, subscription


@pytest.fixture
async def feed(mongo_uri: str, prepared_database: str) -> AsyncIterator[Feed]:
    feed = Feed(mongo_uri, prepared_database, [b"secret"])
    await feed.start()
    yield feed
    await feed.stop()


async def _add_rule(scope: Scope, position: Position) -> str:
    owner = administrator_document(scope, PartnerRole.FULL_ADMINISTRATOR)
    await scope.collection("administrators").insert_many([owner])
    await add_progress(scope, position)
    return await add_alert_rule(scope, owner["_id"])


async def _change(scope: Scope, names: Sequence[str], *, suspended: bool) -> None:
    async def body(batch: CustomerBatch) -> None:
        for change in batch.changes:
            for number in list(change.entitlements):
                change.update_entitlement(number, {"suspended": suspended})

    await change_customers(scope, {"external_id": {"$in": list(names)}}, body)


async def _states(scope: Scope) -> list[str]:
    return sorted(alert["state"] for alert in await scope.collection("alerts").find(scope.match()))


async def _wait_for(scope: Scope, states: list[str]) -> None:
    async with asyncio.timeout(30):
        while await _states(scope) != states:
            await asyncio.sleep(0.02)


async def _stop(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_makers_that_die_and_overlap_make_each_alert_once(scope: Scope, feed: Feed) -> None:
    await _add_rule(scope, feed.position)
    names = [f"C-{number}" for number in range(40)]
    await add_customers(scope, [(name, [subscription(f"S-{name}")]) for name in names])
    changes = asyncio.create_task(_suspend_and_pay(scope, names))
    tasks: list[asyncio.Task[None]] = []
    while not changes.done():
        tasks.append(asyncio.create_task(AlertMaker(scope.client, feed, scope.partner_id).run()))
        await asyncio.sleep(random.uniform(0, 0.1))
        if len(tasks) == 3:
            await _stop(tasks.pop(0))
    await changes
    await _wait_for(scope, ["OPEN"] * 20 + ["RESOLVED"] * 20)
    events = await scope.collection("events").find({**scope.match(), "kind": "ALERT_CHANGED"})
    states = [event["summary"].partition(":")[0] for event in events]
    assert (states.count("Alert opened"), states.count("Alert resolved")) == (40, 20)
    await _stop(*tasks)


async def _suspend_and_pay(scope: Scope, names: Sequence[str]) -> None:
    """Suspend the customers, four at a time, and pay for every second one."""
    for start in range(0, len(names), 4):
        await _change(scope, names[start : start + 4], suspended=True)
    for start in range(0, len(names) // 2, 4):
        await _change(scope, names[start : min(start + 4, len(names) // 2)], suspended=False)


class GapFeed(SimpleNamespace):
    """A feed that has lost the events after any position but its present one."""

    position = Position(9 << 32)

    def is_at_end(self, *_: Any) -> bool:
        return False

    async def follow(self, _partner: str, position: Position, *, only_to_now: bool) -> AsyncGenerator[Any, None]:
        if position < self.position:
            raise CursorExpired
        if not only_to_now:
            await asyncio.Event().wait()
        yield SimpleNamespace(events=[], reached=position)


async def test_events_that_are_gone_are_made_up_for_by_a_comparison_with_all_customers(scope: Scope) -> None:
    rule = await _add_rule(scope, Position(1 << 32))
    await add_customers(scope, [(name, [subscription(f"S-{name}", suspended=name < "C")]) for name in "ABCD"])
    customers = {each["external_id"]: each["_id"] for each in await scope.collection("customers").find(scope.match())}
    (owner,) = await scope.collection("administrators").find(scope.match())
    await add_alert(scope, owner["_id"], rule, customers["A"])
    await add_alert(scope, owner["_id"], rule, customers["C"])
    await add_alert(scope, owner["_id"], rule, "cus_gone")
    feed: Any = GapFeed()
    task = asyncio.create_task(AlertMaker(scope.client, feed, scope.partner_id).run())
    await _wait_for(scope, ["OPEN", "OPEN", "RESOLVED"])
    alerts = await scope.collection("alerts").find({**scope.match(), "state": "OPEN"})
    assert {alert["customer_id"] for alert in alerts} == {customers["A"], customers["B"]}
    await _stop(task)


async def test_a_maker_ends_where_its_partner_has_no_rules(scope: Scope) -> None:
    feed: Any = GapFeed()
    with suppress(TimeoutError):
        async with asyncio.timeout(10):
            await AlertMaker(scope.client, feed, scope.partner_id).run()
            return
    pytest.fail("The maker goes on without rules.")
