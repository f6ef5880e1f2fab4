"""Customers that are delivered as removed: each removal is told once, at its moment, whatever follows."""

import asyncio
from datetime import timedelta
from typing import Any

from domain.imports.records import ImportKind
from domain.time.instants import format_instant
from jobs.clock import evaluate_due
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.domain.imports.factory_records import customer_record, subscription_record
from tests.jobs.imports.factory_imports import documents, event_kinds, import_lines
from tests.store.factory_customers import partner_scope

YESTERDAY, BEFORE = (format_instant(utc_now() - timedelta(days=days)) for days in (1, 2))


async def deliver(scope: Scope, **changes: Any) -> None:
    assert (await import_lines(scope, ImportKind.CUSTOMERS, customer_record(**changes))).summary.refused == 0


async def events(scope: Scope, kind: str) -> list[Document]:
    return await documents(scope, "events", kind=kind)


async def removed_soon(client: Client) -> Scope:
    """A customer with a subscription whose removal has come due, though no job has run."""
    scope = await partner_scope(client)
    moment = utc_now() + timedelta(seconds=1)
    await deliver(scope, removedAt=format_instant(moment))
    await import_lines(scope, ImportKind.SUBSCRIPTIONS, subscription_record())
    while utc_now() <= moment:
        await asyncio.sleep(0.01)
    return scope


async def test_another_moment_of_the_same_removal_is_only_a_change(client: Client) -> None:
    scope = await partner_scope(client)
    await deliver(scope)
    await deliver(scope, removedAt=BEFORE)
    await deliver(scope, removedAt=YESTERDAY)
    assert await event_kinds(scope) == ["CUSTOMER_ADDED", "CUSTOMER_REMOVED", "CUSTOMER_CHANGED"]


async def test_a_new_customer_that_is_removed_already_is_told_as_both(client: Client) -> None:
    scope = await partner_scope(client)
    await deliver(scope, removedAt=BEFORE)
    assert await event_kinds(scope) == ["CUSTOMER_ADDED", "CUSTOMER_REMOVED"]
    added, removed = await documents(scope, "events")
    assert (added["facts_after"], removed["at"]) == (None, added["at"])


async def test_a_customer_removed_and_restored_in_one_slice_was_never_away(client: Client) -> None:
    scope = await partner_scope(client)
    await deliver(scope)
    lines = [customer_record(removedAt=BEFORE), customer_record(removedAt=None)]
    await import_lines(scope, ImportKind.CUSTOMERS, *lines)
    assert await event_kinds(scope) == ["CUSTOMER_ADDED"]


async def test_every_removal_of_a_restored_customer_is_told(client: Client) -> None:
    scope = await partner_scope(client)
    for removed_at in (None, BEFORE, None, YESTERDAY):
        await deliver(scope, removedAt=removed_at)
    told = ["CUSTOMER_ADDED", "CUSTOMER_REMOVED", "CUSTOMER_CHANGED", "CUSTOMER_REMOVED"]
    assert await event_kinds(scope) == told


async def test_a_removal_that_is_undone_before_the_job_came_is_told_at_its_moment(client: Client) -> None:
    scope = await removed_soon(client)
    (customer,) = await documents(scope, "customers")
    await deliver(scope, removedAt=None)
    (removed,) = await events(scope, "CUSTOMER_REMOVED")
    assert removed["at"] == customer["removed_at"]
    assert [event["at"] > removed["at"] for event in await events(scope, "CUSTOMER_CHANGED")] == [True]
    assert len(await events(scope, "STATUS_CHANGED")) == 3
    assert "*" in (await documents(scope, "customers"))[0]["keys"]


async def test_a_removal_that_another_one_follows_is_told_once(client: Client) -> None:
    scope = await removed_soon(client)
    await deliver(scope, removedAt=BEFORE, country="DE")
    await evaluate_due(client)
    assert len(await events(scope, "CUSTOMER_REMOVED")) == 1


async def test_the_clock_tells_a_removal_once_at_its_moment(client: Client) -> None:
    scope = await removed_soon(client)
    await evaluate_due(client)
    await evaluate_due(client)
    (removed,) = await events(scope, "CUSTOMER_REMOVED")
    assert removed["at"] == (await documents(scope, "customers"))[0]["removed_at"]
