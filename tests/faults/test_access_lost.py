"""What somebody may see is taken away on one server while they listen at another: soon none of it is told."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic, time
from typing import Any

import orjson
import pytest

from domain.time.instants import print_instant
from store.database.clock import utc_now
from tests.app_state import Server
from tests.faults.figures import Figures
from tests.faults.subscribers import Subscriber, until
from tests.faults.truth import Event, position_of
from tests.faults.world import World

FAULT = "Access taken away on another server"
FEED = "subscription($after: String) { customerListChanged(after: $after) { cursor customerId } }"


@pytest.fixture(scope="module")
def other(world: World) -> Iterator[Server]:
    """Where they listen; what is changed is changed at the first server."""
    with world.hub.serving() as server:
        yield server


@asynccontextmanager
async def listening(world: World, other: Server, token: str) -> AsyncIterator[Subscriber]:
    """Somebody who listens, and does not come back once they are sent away."""
    addresses = [other.url]
    one = Subscriber(addresses, token, await asyncio.to_thread(world.cursor), FEED)
    one.start()
    await until(one.is_live.is_set, 30)
    addresses.clear()
    try:
        yield one
    finally:
        await one.stop()


def done(world: World, mutation: str, **given: Any) -> str:
    """Carries out a mutation at the first server; answers a cursor behind it."""
    kind = "ChangeCustomerTags" if mutation.endswith("Tags") else mutation[0].upper() + mutation[1:]
    query = f"mutation($i: {kind}Input!) {{ {mutation}(input: $i) {{ userErrors {{ code message }} }} }}"
    answer = world.hub.query(query, i=given)
    assert answer == {"data": {mutation: {"userErrors": []}}, "extensions": answer.get("extensions")}, answer
    seen = int(answer["extensions"]["seen"])
    while position_of(cursor := world.cursor()).time < seen:
        pass
    return cursor


def identity(world: World, role: str) -> str:
    found = world.hub.query("{ viewer { administrator { id } } }", role)
    return str(found["data"]["viewer"]["administrator"]["id"])


async def test_an_unassigned_customer_is_told_of_no_more(world: World, other: Server, figures: Figures) -> None:
    administrator = await asyncio.to_thread(identity, world, "ADMINISTRATOR")
    customer, kept = world.customers[:2]
    held = {"administrator": administrator, "customers": [customer, kept]}
    await asyncio.to_thread(done, world, "assignAdministrator", **held)
    writers = await asyncio.to_thread(world.writers)
    async with listening(world, other, await asyncio.to_thread(world.hub.token, "ADMINISTRATOR")) as one:
        begun = monotonic()
        behind = await asyncio.to_thread(
            done, world, "unassignAdministrator", administrator=administrator, customers=[customer]
        )
        told = len(one.heard)
        for mutation in ("assignTags", "removeTags"):
            given = {"customers": {"ids": [customer, kept]}, "tags": [writers.tag]}
            await asyncio.to_thread(done, world, mutation, **given)
        await until(lambda: len(one.heard) >= told + 2, 20)
        figures.tell(FAULT, "two more changes heard after an assignment was taken away", one.times[-1] - begun, 2, "s")
        theirs = {token for token, event in await world.happened(behind) if event["customer_id"] == customer}
        assert len(theirs) == 2
        assert not theirs & set(one.heard)
        assert not one.codes


async def test_a_customer_whose_assignment_runs_out_is_told_of_no_more(
    world: World, other: Server, figures: Figures
) -> None:
    administrator = await asyncio.to_thread(identity, world, "ADMINISTRATOR")
    customer, kept = world.customers[2:4]
    await asyncio.to_thread(done, world, "assignAdministrator", administrator=administrator, customers=[kept])
    writers = await asyncio.to_thread(world.writers)
    async with listening(world, other, await asyncio.to_thread(world.hub.token, "ADMINISTRATOR")) as one:
        ends = utc_now() + timedelta(seconds=3)
        held = {"administrator": administrator, "customers": [customer], "expiresAt": print_instant(ends)}
        behind = await asyncio.to_thread(done, world, "assignAdministrator", **held)
        given = {"customers": {"ids": [customer, kept]}, "tags": [writers.tag]}
        await asyncio.to_thread(done, world, "assignTags", **given)
        await until(lambda: utc_now() > ends, 30)
        begun, gone = monotonic(), await asyncio.to_thread(world.cursor)
        await asyncio.to_thread(done, world, "removeTags", **given)
        told = await world.happened(gone)
        last = next(token for token, event in told if event["customer_id"] == kept)
        await until(lambda: last in one.heard, 20)
        figures.tell(FAULT, "another's change heard after an assignment ran out", monotonic() - begun, 2, "s")
        while_held = {event["kind"]: token for token, event in await world.happened(behind) if is_of(event, customer)}
        assert set(while_held) >= {"TAGS_ASSIGNED", "TAGS_REMOVED"}
        assert while_held["TAGS_ASSIGNED"] in one.heard
        assert while_held["TAGS_REMOVED"] not in one.heard
        assert not one.codes


def is_of(event: Event, customer: str) -> bool:
    return bool(event["customer_id"] == customer)


async def test_who_is_given_another_role_is_sent_away(world: World, other: Server, figures: Figures) -> None:
    async with listening(world, other, await asyncio.to_thread(world.hub.token, "READ_ONLY_ADMINISTRATOR")) as one:
        reader = await asyncio.to_thread(identity, world, "READ_ONLY_ADMINISTRATOR")
        changed = {"id": reader, "role": "HELPDESK_ADMINISTRATOR"}
        begun = monotonic()
        await asyncio.to_thread(done, world, "changeAdministrator", **changed)
        await until(lambda: bool(one.codes), 20)
        figures.tell(FAULT, "closed after a change of role", one.closed_at[0] - begun, 2, "s")
        assert one.codes == [4403]


async def test_who_is_removed_is_sent_away(world: World, other: Server, figures: Figures) -> None:
    async with listening(world, other, await asyncio.to_thread(world.hub.token, "HELPDESK_ADMINISTRATOR")) as one:
        removed = {"id": await asyncio.to_thread(identity, world, "HELPDESK_ADMINISTRATOR")}
        begun = monotonic()
        await asyncio.to_thread(done, world, "removeAdministrator", **removed)
        await until(lambda: bool(one.codes), 20)
        figures.tell(FAULT, "closed after a removal", one.closed_at[0] - begun, 2, "s")
        assert one.codes == [4403]


async def test_a_token_that_expires_ends_its_socket(world: World, other: Server, figures: Figures) -> None:
    token = await asyncio.to_thread(world.hub.fresh_token, 4)
    claims = token.split(".")[1]
    ends = orjson.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"]
    expires = monotonic() + ends - time()
    async with listening(world, other, token) as one:
        await until(lambda: bool(one.codes), 30)
        figures.tell(FAULT, "closed after a token's end", one.closed_at[0] - expires, 2, "s")
        assert one.codes == [4403]
