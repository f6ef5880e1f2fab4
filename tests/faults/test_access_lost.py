"""Access is removed on one server while a subscriber listens at another: deliveries stop soon."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic, time
from typing import Any

import orjson
import pytest

from domain.time.instants import format_instant
from store.database.clock import utc_now
from tests.faults.deployment import Deployment
from tests.faults.event_comparison import Event, decode_position
from tests.faults.figures import Figures
from tests.faults.subscribers import Subscriber, wait_until
from tests.server_process import ServerProcess

FAULT = "Access taken away on another server"
FEED = "subscription($after: String) { customerListChanged(after: $after) { cursor customerId } }"


@pytest.fixture(scope="module")
def other_server(deployment: Deployment) -> Iterator[ServerProcess]:
    """Yield the server of the subscribers; changes go to the first server."""
    with deployment.harness.start_server() as server:
        yield server


@asynccontextmanager
async def running_subscriber(
    deployment: Deployment, other_server: ServerProcess, token: str
) -> AsyncIterator[Subscriber]:
    """A subscriber that does not reconnect after it is closed."""
    addresses = [other_server.url]
    one = Subscriber(addresses, token, await asyncio.to_thread(deployment.feed_cursor), FEED)
    one.start()
    await wait_until(one.is_live.is_set, 30)
    addresses.clear()
    try:
        yield one
    finally:
        await one.stop()


def run_mutation(deployment: Deployment, mutation: str, **given: Any) -> str:
    """Run a mutation at the first server; return a cursor after it."""
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    query = f"mutation($i: {kind}!) {{ {mutation}(input: $i) {{ userErrors {{ code message }} }} }}"
    answer = deployment.harness.query(query, i=given)
    assert answer == {"data": {mutation: {"userErrors": []}}, "extensions": answer.get("extensions")}, answer
    seen = int(answer["extensions"]["seen"])
    while decode_position(cursor := deployment.feed_cursor()).time < seen:
        pass
    return cursor


def administrator_id(deployment: Deployment, role: str) -> str:
    found = deployment.harness.query("{ viewer { administrator { id } } }", role)
    return str(found["data"]["viewer"]["administrator"]["id"])


async def test_delivers_nothing_of_an_unassigned_customer(
    deployment: Deployment, other_server: ServerProcess, figures: Figures
) -> None:
    administrator = await asyncio.to_thread(administrator_id, deployment, "ADMINISTRATOR")
    customer, kept = deployment.customers[:2]
    held = {"administrator": administrator, "customers": [customer, kept]}
    await asyncio.to_thread(run_mutation, deployment, "assignAdministrator", **held)
    writers = await asyncio.to_thread(deployment.make_writers)
    async with running_subscriber(
        deployment, other_server, await asyncio.to_thread(deployment.harness.token, "ADMINISTRATOR")
    ) as one:
        begun = monotonic()
        behind = await asyncio.to_thread(
            run_mutation, deployment, "unassignAdministrator", administrator=administrator, customers=[customer]
        )
        received = len(one.received_tokens)
        for mutation in ("assignTags", "removeTags"):
            given = {"customers": {"ids": [customer, kept]}, "tags": [writers.tag]}
            await asyncio.to_thread(run_mutation, deployment, mutation, **given)
        await wait_until(lambda: len(one.received_tokens) >= received + 2, 20)
        figures.record(
            FAULT, "two more changes delivered after an assignment was removed", one.received_at[-1] - begun, 2, "s"
        )
        theirs = {token for token, event in await deployment.events_after(behind) if event["customer_id"] == customer}
        assert len(theirs) == 2
        assert not theirs & set(one.received_tokens)
        assert not one.close_codes


async def test_delivers_nothing_after_an_assignment_expires(
    deployment: Deployment, other_server: ServerProcess, figures: Figures
) -> None:
    administrator = await asyncio.to_thread(administrator_id, deployment, "ADMINISTRATOR")
    customer, kept = deployment.customers[2:4]
    await asyncio.to_thread(
        run_mutation, deployment, "assignAdministrator", administrator=administrator, customers=[kept]
    )
    writers = await asyncio.to_thread(deployment.make_writers)
    async with running_subscriber(
        deployment, other_server, await asyncio.to_thread(deployment.harness.token, "ADMINISTRATOR")
    ) as one:
        ends = utc_now() + timedelta(seconds=3)
        held = {"administrator": administrator, "customers": [customer], "expiresAt": format_instant(ends)}
        behind = await asyncio.to_thread(run_mutation, deployment, "assignAdministrator", **held)
        given = {"customers": {"ids": [customer, kept]}, "tags": [writers.tag]}
        await asyncio.to_thread(run_mutation, deployment, "assignTags", **given)
        await wait_until(lambda: utc_now() > ends, 30)
        begun, gone = monotonic(), await asyncio.to_thread(deployment.feed_cursor)
        await asyncio.to_thread(run_mutation, deployment, "removeTags", **given)
        events = await deployment.events_after(gone)
        last = next(token for token, event in events if event["customer_id"] == kept)
        await wait_until(lambda: last in one.received_tokens, 20)
        figures.record(FAULT, "another change delivered after an assignment expired", monotonic() - begun, 2, "s")
        while_held = {
            event["kind"]: token
            for token, event in await deployment.events_after(behind)
            if is_event_of(event, customer)
        }
        assert set(while_held) >= {"TAGS_ASSIGNED", "TAGS_REMOVED"}
        assert while_held["TAGS_ASSIGNED"] in one.received_tokens
        assert while_held["TAGS_REMOVED"] not in one.received_tokens
        assert not one.close_codes


def is_event_of(event: Event, customer: str) -> bool:
    return bool(event["customer_id"] == customer)


async def test_closes_the_socket_of_an_administrator_with_another_role(
    deployment: Deployment, other_server: ServerProcess, figures: Figures
) -> None:
    async with running_subscriber(
        deployment, other_server, await asyncio.to_thread(deployment.harness.token, "READ_ONLY_ADMINISTRATOR")
    ) as one:
        reader = await asyncio.to_thread(administrator_id, deployment, "READ_ONLY_ADMINISTRATOR")
        changed = {"id": reader, "role": "HELPDESK_ADMINISTRATOR"}
        begun = monotonic()
        await asyncio.to_thread(run_mutation, deployment, "changeAdministrator", **changed)
        await wait_until(lambda: bool(one.close_codes), 20)
        figures.record(FAULT, "closed after a change of role", one.closed_at[0] - begun, 2, "s")
        assert one.close_codes == [4403]


async def test_closes_the_socket_of_a_removed_administrator(
    deployment: Deployment, other_server: ServerProcess, figures: Figures
) -> None:
    async with running_subscriber(
        deployment, other_server, await asyncio.to_thread(deployment.harness.token, "HELPDESK_ADMINISTRATOR")
    ) as one:
        removed = {"id": await asyncio.to_thread(administrator_id, deployment, "HELPDESK_ADMINISTRATOR")}
        begun = monotonic()
        await asyncio.to_thread(run_mutation, deployment, "removeAdministrator", **removed)
        await wait_until(lambda: bool(one.close_codes), 20)
        figures.record(FAULT, "closed after a removal", one.closed_at[0] - begun, 2, "s")
        assert one.close_codes == [4403]


async def test_closes_the_socket_of_an_expired_token(
    deployment: Deployment, other_server: ServerProcess, figures: Figures
) -> None:
    token = await asyncio.to_thread(deployment.harness.short_lived_token, 4)
    claims = token.split(".")[1]
    ends = orjson.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"]
    expires = monotonic() + ends - time()
    async with running_subscriber(deployment, other_server, token) as one:
        await wait_until(lambda: bool(one.close_codes), 30)
        figures.record(FAULT, "closed after a token's end", one.closed_at[0] - expires, 2, "s")
        assert one.close_codes == [4403]
