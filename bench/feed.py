"""Measures the time from a committed write to its message at a subscriber, with a real server process.

`python -m bench.feed [SUBSCRIBERS [CHANGES]]` (100 and 200). What must hold for 100 subscribers: p50 ≤ 20 ms,
p99 ≤ 100 ms. First all subscriptions are equal, then each has its own filter; then all are equal again while another
partner's customers are loaded in bulk. The time starts when the commit is acknowledged to the writer in this process.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import count
from multiprocessing import get_context
from time import monotonic
from typing import Any

import orjson
import websockets

from server.live.protocol import SUBPROTOCOL
from store.changes.customer_batch import CustomerBatch, change_customers
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.mongod import temporary_replica_set
from tests.server_process import PARTNER, ServerHarness
from tests.store.factory_customers import add_customers, partner_scope, subscription

PAUSE_SECONDS = 0.03
SUBSCRIPTION = """subscription($filter: CustomerFilter) { customerStatusChanged(filter: $filter) {
  cursor at entered left statuses
  customer { id externalId name statuses statusDetails { status since } }
} }"""


class Subscriber:
    """One socket; `arrivals` are the customers that it received, with the time of each."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.arrivals: list[tuple[str, float]] = []

    async def subscribe(self, token: str, number: int | None) -> None:
        """Subscribe, and wait until the server has accepted it; a number makes the filter unique."""
        await self._send_message(type="connection_init", payload={"authorization": f"Bearer {token}"})
        filter_ = None if number is None else {"not": {"country": f"X{number}"}}
        await self._send_message(
            id="1", type="subscribe", payload={"query": SUBSCRIPTION, "variables": {"filter": filter_}}
        )
        await self._send_message(id="2", type="subscribe", payload={"query": "{ feedCursor }"})
        while orjson.loads(await self._connection.recv()) != {"id": "2", "type": "complete"}:
            pass

    async def receive_changes(self, changes: int) -> None:
        """Receive this number of changes."""
        while len(self.arrivals) < changes:
            text = await self._connection.recv()
            arrived = monotonic()
            customer = orjson.loads(text)["payload"]["data"]["customerStatusChanged"]["customer"]
            self.arrivals.append((customer["externalId"], arrived))

    async def _send_message(self, **message: Any) -> None:
        await self._connection.send(orjson.dumps(message).decode())


async def change_assigned_licenses(scope: Scope, external_ids: Sequence[str], assigned: int) -> float:
    """Change the customers' assigned licences, above or below the total; return the time of the acknowledgement."""
    lines = [{"product": "MEETINGS", "total": 10, "assigned": assigned, "used": 3, "day": None}]

    async def body(batch: CustomerBatch) -> None:
        for change in batch.changes:
            change.update_entitlement(f"S-{change.customer['external_id']}", {"licenses": lines})

    await change_customers(scope, {"external_id": {"$in": list(external_ids)}}, body)
    return monotonic()


def run_bulk_load(uri: str, database: str) -> None:
    """Add customers of another partner in batches of a hundred, without end."""

    async def forever() -> None:
        scope = await partner_scope(Client(uri, database), "other")
        for number in count():
            customers = ((f"O-{number}-{n}", [subscription(f"O-{number}-{n}")]) for n in range(100))
            await add_customers(scope, customers)

    asyncio.run(forever())


async def measure(
    harness: ServerHarness,
    scope: Scope,
    subscribers: int,
    changes: int,
    *,
    assigned: int,
    are_equal: bool = True,
    kind: str,
) -> str:
    """Return one row of the table; every change must reach every subscriber."""
    token, address = await asyncio.to_thread(harness.token), harness.url.replace("http", "ws", 1) + "/graphql"
    async with AsyncExitStack() as stack:
        subscriber_sockets = []
        for number in range(subscribers):
            connecting = websockets.connect(address, subprotocols=[SUBPROTOCOL], compression=None)  # type: ignore[list-item]
            subscriber_sockets.append(Subscriber(await stack.enter_async_context(connecting)))
            await subscriber_sockets[-1].subscribe(token, None if are_equal else number)
        listening = [asyncio.create_task(subscriber.receive_changes(changes)) for subscriber in subscriber_sockets]
        committed = {}
        for number in range(changes):
            committed[f"C-{number}"] = await change_assigned_licenses(scope, [f"C-{number}"], assigned)
            await asyncio.sleep(PAUSE_SECONDS)
        async with asyncio.timeout(60):
            await asyncio.gather(*listening)
    delays = sorted(
        (at - committed[id_]) * 1000 for subscriber in subscriber_sockets for id_, at in subscriber.arrivals
    )
    in_order = all([id_ for id_, _ in subscriber.arrivals] == list(committed) for subscriber in subscriber_sockets)
    p50, p99 = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    return f"{subscribers:>11} {kind:>18} {len(delays):>10,} {p50:>9.1f} {p99:>9.1f} {delays[-1]:>9.1f} {in_order!s:>9}"


async def main(subscribers: int, changes: int) -> None:
    """Print the rows: equal subscriptions, different ones, and equal ones beside bulk work."""
    columns = f"{'delivered':>10} {'p50 (ms)':>9} {'p99 (ms)':>9} {'max (ms)':>9}  in order"
    print(f"{'subscribers':>11} {'subscriptions':>18} {columns}")
    with temporary_replica_set() as (mongod,):
        harness = ServerHarness(mongod.uri, "bench_feed", is_forked=False)
        await asyncio.to_thread(harness.make_partner)
        client = Client(mongod.uri, "bench_feed")
        scope = Scope(client, PARTNER, utc_now())
        await add_customers(scope, ((f"C-{n}", [subscription(f"S-C-{n}")]) for n in range(changes)))
        with harness.start_server():
            sizes = (harness, scope, subscribers, changes)
            print(await measure(*sizes, assigned=12, kind="equal"), flush=True)
            print(await measure(*sizes, assigned=5, are_equal=False, kind="all different"), flush=True)
            loading = get_context("spawn").Process(target=run_bulk_load, args=(mongod.uri, "bench_feed"))
            loading.start()
            print(await measure(*sizes, assigned=12, kind="equal, bulk beside"), flush=True)
            loading.kill()
            loading.join()
        await client.close()


if __name__ == "__main__":
    asyncio.run(main(*([int(argument) for argument in sys.argv[1:]] + [100, 200][len(sys.argv) - 1 :])))
