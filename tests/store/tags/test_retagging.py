"""Retagging writes the same for customers that are up to date and for customers that are due."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from domain.customers.keys import select_event_keys
from domain.partner.tags import MAX_TAGS_PER_CUSTOMER
from store.changes.consistency_check import check_customers
from store.database.client import Client, Document, Session
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.feed.events import EventFacts, read_event_facts
from store.tags.customer_tags import Tagging
from store.tags.retagging import Retagging
from store.tenants.partners import Partners
from tests.store.factory_customers import DAY, add_customer, events_of, partner_scope, stored, subscription, trial

ACTOR = "adm_1"


async def add_tags(scope: Scope, *ids: str) -> None:
    """Insert tags with these ids, each named like its id."""
    stamps = {"partner_id": scope.partner_id, "version": 1, "created_at": scope.now, "updated_at": scope.now}
    await scope.collection("tags").insert_many([{"_id": id_, "name_key": id_, **stamps} for id_ in ids])


async def tagged(scope: Scope, customers: Sequence[str], *tags: str, is_addition: bool = True) -> tuple[list[str], int]:
    tagging = Tagging({tag: tag for tag in tags}, is_addition)
    where = {"_id": {"$in": list(customers)}}
    partner = await Partners(scope).get()

    async def run(session: Session) -> tuple[list[str], int]:
        return await Retagging(scope, session, ACTOR, tagging, partner).run(where)

    return await in_transaction(scope.client, run)


async def is_consistent(scope: Scope) -> bool:
    return [problem async for problem in check_customers(scope)] == []


def tag_keys(document: Document, name: str = "keys") -> set[str]:
    return {key for key in document[name] if key.startswith("tag:")}


async def test_only_the_tags_and_their_keys_of_an_up_to_date_customer_change(client: Client) -> None:
    scope = await partner_scope(client)
    await add_tags(scope, "tag_a", "tag_b")
    id_ = await add_customer(scope, "C-1", subscription("S-1"), trial("T-1"))
    before = await stored(scope, id_)
    assert await tagged(scope, [id_], "tag_a", "tag_b") == ([id_], 0)
    after = await stored(scope, id_)
    moved = {name for name in after if after[name] != before[name]}
    assert moved == {"tag_ids", "keys", "order_keys", "version", "updated_at"}
    assert (after["tag_ids"], after["version"]) == (["tag_a", "tag_b"], before["version"] + 1)
    assert tag_keys(after) == tag_keys(after, "order_keys") == {"tag:tag_a", "tag:tag_b"}
    assert await is_consistent(scope)
    assert await tagged(scope, [id_], "tag_a", is_addition=False) == ([id_], 0)
    assert tag_keys(last := await stored(scope, id_)) == tag_keys(last, "order_keys") == {"tag:tag_b"}
    assert await is_consistent(scope)


async def test_the_event_has_its_actor_its_changes_and_both_facts(client: Client) -> None:
    scope = await partner_scope(client)
    await add_tags(scope, "tag_a", "tag_b")
    id_ = await add_customer(scope, "C-1", subscription("S-1"))
    await tagged(scope, [id_], "tag_a")
    event = (await events_of(scope, id_))[-1]
    assert (event["kind"], event["actor_id"], event["customer_id"]) == ("TAGS_ASSIGNED", ACTOR, id_)
    assert (event["changes"], event["is_first_of_change"]) == ({"tags": [[], ["tag_a"]]}, True)
    before, after = read_event_facts(event["facts_before"], event["facts_after"])
    assert before is not None and after is not None
    assert after.keys == before.keys - {"has_tags:no"} | {"tag:tag_a", "has_tags:yes"}
    customer = await stored(scope, id_)
    assert after.keys == set(select_event_keys(customer["keys"])) >= {"running:MEETINGS", "status:SUBSCRIPTION"}
    assert before.words == after.words == tuple(customer["words"])
    assert before.created_at == after.created_at == customer["created_at"]
    await tagged(scope, [id_], "tag_a", is_addition=False)
    untagged = EventFacts.from_document((await events_of(scope, id_))[-1]["facts_after"])
    assert untagged is not None
    assert untagged.keys == before.keys


async def test_customers_of_one_batch_can_change_differently_or_not_at_all(client: Client) -> None:
    scope = await partner_scope(client)
    await add_tags(scope, "tag_a", "tag_b", "tag_c")
    none, one, both, other = [await add_customer(scope, f"C-{n}", subscription(f"S-{n}")) for n in range(4)]
    await tagged(scope, [one, both], "tag_a")
    await tagged(scope, [both], "tag_b")
    await tagged(scope, [other], "tag_c")
    events = await events_of(scope, both)
    assert await tagged(scope, [none, one, both, other], "tag_a", "tag_b") == ([none, one, other], 0)
    held = [set((await stored(scope, id_))["tag_ids"]) for id_ in (none, one, both, other)]
    assert held == [{"tag_a", "tag_b"}] * 3 + [{"tag_a", "tag_b", "tag_c"}]
    assert await events_of(scope, both) == events
    assert await is_consistent(scope)


async def test_a_deleted_tag_does_not_count_towards_the_limit(client: Client) -> None:
    scope = await partner_scope(client)
    most = [f"tag_{number:02}" for number in range(MAX_TAGS_PER_CUSTOMER)]
    await add_tags(scope, *most, "tag_a", "tag_b")
    id_ = await add_customer(scope, "C-1", subscription("S-1"))
    await tagged(scope, [id_], *most)
    assert await tagged(scope, [id_], "tag_a") == ([], 1)
    await scope.collection("tags").delete_many({**scope.match(), "_id": most[0]})
    assert await tagged(scope, [id_], "tag_a") == ([id_], 0)
    customer, held = await stored(scope, id_), {*most[1:], "tag_a"}
    assert set(customer["tag_ids"]) == held and len(customer["tag_ids"]) == MAX_TAGS_PER_CUSTOMER
    assert tag_keys(customer) == tag_keys(customer, "order_keys") == {f"tag:{tag}" for tag in held}
    assert await tagged(scope, [id_], "tag_b") == ([], 1)
    assert await is_consistent(scope)


async def test_a_due_status_change_is_written_with_the_tags(client: Client) -> None:
    scope = await partner_scope(client)
    await add_tags(scope, "tag_a")
    end = utc_now() + timedelta(seconds=1)
    due = await add_customer(scope, "C-1", trial("T-1", ends_at=end))
    up_to_date = await add_customer(scope, "C-2", trial("T-2"))
    while utc_now() < end:
        await asyncio.sleep(0)
    assert await tagged(scope, [due, up_to_date], "tag_a") == ([due, up_to_date], 0)
    assert (await stored(scope, due))["statuses"] == ["EXPIRED"]
    assert [event["kind"] for event in (await events_of(scope, due))[-2:]] == ["STATUS_CHANGED", "TAGS_ASSIGNED"]
    assert [tag_keys(await stored(scope, id_)) for id_ in (due, up_to_date)] == [{"tag:tag_a"}] * 2
    assert await is_consistent(scope)


async def test_a_customer_of_an_older_epoch_is_evaluated_with_the_change(client: Client) -> None:
    scope = await partner_scope(client)
    await add_tags(scope, "tag_a")
    id_ = await add_customer(scope, "C-1", subscription("S-1", ends_at=utc_now() + 40 * DAY))
    step = {"epoch": 2, "at": utc_now(), "expiring_soon_days": 60, "no_recent_activity_days": 60}
    change = {"$push": {"settings_history": step}}
    await scope.collection("partners").update_one(scope.match(), change)
    await tagged(scope, [id_], "tag_a")
    customer = await stored(scope, id_)
    assert customer["statuses"] == ["EXPIRING_SOON", "SUBSCRIPTION"]
    assert "tag:tag_a" in customer["order_keys"]
    assert await is_consistent(scope)


async def put(scope: Scope, collection: str, where: Document, **fields: Any) -> None:
    assert await scope.collection(collection).update_one({**scope.match(), **where}, {"$set": fields})


async def test_twenty_at_once_lose_nothing(client: Client) -> None:
    scope = await partner_scope(client)
    tags = [f"tag_{number}" for number in range(20)]
    await add_tags(scope, *tags)
    id_ = await add_customer(scope, "C-1", subscription("S-1"))
    await asyncio.gather(*(tagged(scope, [id_], tag) for tag in tags))
    customer = await stored(scope, id_)
    assert (customer["version"], set(customer["tag_ids"])) == (21, set(tags))
    assert await is_consistent(scope)
