"""Bulk tagging, compared with a bare `update_many`, while feeds and other partners are active.

`python -m bench.bulk [CUSTOMERS]` (50,000). Limits: at least a fifth of the customers a second that a bare
`update_many` with `$addToSet` reaches over the same customers in the same run, events and feeds included; the feed of
others stays at p99 ≤ 100 ms, and their requests at three times their usual p99. A hundred subscribers follow a list of
the tagged partner (about one customer in fifty matches); the other partner's changes come every 30 ms.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import monotonic, sleep
from typing import Any

import httpx
import orjson
import websockets

from bench.feed import Subscriber, change_assigned_licenses
from bench.process_usage import cpu_seconds
from domain.customers.keys import dimension_key
from server.live.protocol import SUBPROTOCOL
from store.database.client import Client, UpdateMany
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.mongod import temporary_replica_set
from tests.server_process import PARTNER, ServerHarness
from tests.store.factory_customers import add_customers, subscription

OTHER_PARTNER, OTHER_CUSTOMERS, SUBSCRIBERS, PAUSE_SECONDS, BASELINE_REQUESTS = "other", 200, 100, 0.03, 300
_spawn_context = get_context("spawn")
LIST_SUBSCRIPTION = (
    'subscription { customerListChanged(filter: {search: "c-12"}) { cursor kind customer { id name } } }'
)
CREATE_TAG = "mutation($name: String!) { createTag(input: {name: $name}) { tag { id } userErrors { message } } }"
ASSIGN_TAGS = """mutation($tag: ID!) { assignTags(input: {customers: {matching: {}}, tags: [$tag]}) {
  job { id } userErrors { message } } }"""
JOB_QUERY = "query($id: ID!) { node(id: $id) { ... on BulkJob { state done changed skipped } } }"
LIST_QUERY = "{ customers(first: 25) { nodes { id name statuses } } }"


async def run_query(http: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    """Return the data of an operation."""
    answer = (await http.post("/graphql", json={"query": query, "variables": variables})).json()
    data: dict[str, Any] = answer["data"]
    return data


async def make_http_client(harness: ServerHarness, partner: str) -> httpx.AsyncClient:
    """Return a client with a token of the partner."""
    token = await asyncio.to_thread(harness.token, partner=partner)
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=harness.url, headers=headers, timeout=30)


def run_subscribers(address: str, token: str, pipe: Connection) -> None:
    """Run subscribers of one list of the tagged partner in a process; send the numbers of changes at the end."""
    asyncio.run(_run_subscribers(address, token, pipe))


async def _run_subscribers(address: str, token: str, pipe: Connection) -> None:
    heard = [0] * SUBSCRIBERS

    async def listen(connection: Any, number: int) -> None:
        async for text in connection:
            heard[number] += '"next"' in text

    async with AsyncExitStack() as stack:
        for number in range(SUBSCRIBERS):
            connecting = websockets.connect(address, subprotocols=[SUBPROTOCOL], compression=None)  # type: ignore[list-item]
            connection = await stack.enter_async_context(connecting)
            for message in (
                {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}},
                {"type": "subscribe", "id": "1", "payload": {"query": LIST_SUBSCRIPTION}},
            ):
                await connection.send(orjson.dumps(message).decode())
            stack.callback(asyncio.create_task(listen(connection, number)).cancel)
        pipe.send("open")
        await asyncio.to_thread(pipe.recv)
        pipe.send(heard)


@contextmanager
def running_subscribers(url: str, token: str) -> Iterator[Callable[[], list[int]]]:
    """Run a hundred subscribers; yield a function that returns how many changes each received."""
    here, there = _spawn_context.Pipe()
    address = url.replace("http", "ws", 1) + "/graphql"
    process = _spawn_context.Process(target=run_subscribers, args=(address, token, there), daemon=True)
    process.start()
    assert here.recv() == "open"

    def heard() -> list[int]:
        here.send("enough")
        counts: list[int] = here.recv()
        return counts

    yield heard
    process.join()


async def measure_feed_delays(harness: ServerHarness, scope: Scope, stop: asyncio.Event) -> list[float]:
    """Return the delays in ms of the other partner's changes at one of its subscribers."""
    token = await asyncio.to_thread(harness.token, partner=OTHER_PARTNER)
    address = harness.url.replace("http", "ws", 1) + "/graphql"
    committed: dict[str, float] = {}
    async with websockets.connect(address, subprotocols=[SUBPROTOCOL], compression=None) as connection:  # type: ignore[list-item]
        widget = Subscriber(connection)
        await widget.subscribe(token, None)
        listening = asyncio.create_task(widget.receive_changes(1 << 30))
        number = 0
        while not stop.is_set():
            customer = f"C-{number % OTHER_CUSTOMERS}"
            at = await change_assigned_licenses(scope, [customer], 12 if number // OTHER_CUSTOMERS % 2 == 0 else 5)
            committed[f"{customer}/{number // OTHER_CUSTOMERS}"] = at
            number += 1
            await asyncio.sleep(PAUSE_SECONDS)
        await asyncio.sleep(0.5)
        listening.cancel()
    rounds: dict[str, int] = {}
    late = []
    for customer, arrived in widget.arrivals:
        turn = rounds.get(customer, 0)
        rounds[customer] = turn + 1
        late.append((arrived - committed[f"{customer}/{turn}"]) * 1000)
    return late


async def measure_requests(http: httpx.AsyncClient, until: Callable[[int], bool]) -> list[float]:
    """Return the durations in ms of consecutive requests of the other partner."""
    taken: list[float] = []
    while not until(len(taken)):
        began = monotonic()
        await run_query(http, LIST_QUERY)
        taken.append((monotonic() - began) * 1000)
        await asyncio.sleep(PAUSE_SECONDS)
    return taken


async def create_tag(http: httpx.AsyncClient, tag: str) -> str:
    """Create a tag; return its id."""
    id_: str = (await run_query(http, CREATE_TAG, name=tag))["createTag"]["tag"]["id"]
    return id_


async def tag_all_customers(http: httpx.AsyncClient) -> float:
    """Tag all customers; return the seconds until the job is done."""
    tag = await create_tag(http, "Bulk")
    began = monotonic()
    job = (await run_query(http, ASSIGN_TAGS, tag=tag))["assignTags"]["job"]["id"]
    while (node := (await run_query(http, JOB_QUERY, id=job))["node"])["state"] == "RUNNING":
        await asyncio.sleep(0.1)
    print(f"job {node}")
    return monotonic() - began


async def update_many_bare(scope: Scope, tag: str) -> float:
    """Tag the same customers with one `update_many`, which also updates their keys; return the seconds."""
    key = dimension_key("tag", tag)
    change = {"$addToSet": {"tag_ids": tag, "keys": key, "order_keys": key}}
    began = monotonic()
    await scope.collection("customers").bulk_write([UpdateMany(scope.match(), change)])
    return monotonic() - began


async def measure_wakeup_delays(until: Callable[[], bool]) -> list[float]:
    """Return the delays in ms after sleeps of 10 ms, which the machine causes and not the server."""

    def sleeper() -> list[float]:
        late = []
        while not until():
            began = monotonic()
            sleep(0.01)
            late.append((monotonic() - began) * 1000 - 10)
        return late

    return await asyncio.to_thread(sleeper)


def percentile(values: list[float], percent: int) -> float:
    """Return a percentile of the values."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


async def _prepare(harness: ServerHarness, uri: str, customers: int) -> tuple[Client, Scope, Scope]:
    client = Client(uri, "bench_bulk", timeout_ms=None)
    scopes = [Scope(client, partner, utc_now()) for partner in (PARTNER, OTHER_PARTNER)]
    for scope in scopes:
        await asyncio.to_thread(harness.make_partner, scope.partner_id)
        accepted = {"$set": {"terms_accepted_at": scope.now}}
        await scope.collection("partners").update_one(scope.match(), accepted)
    began = monotonic()
    await add_customers(scopes[0], ((f"C-{n}", [subscription(f"S-C-{n}")]) for n in range(customers)))
    await add_customers(scopes[1], ((f"C-{n}", [subscription(f"S-C-{n}")]) for n in range(OTHER_CUSTOMERS)))
    print(f"{monotonic() - began:.0f} s to make {customers:,} customers", flush=True)
    return client, scopes[0], scopes[1]


async def _measure_other_partner(harness: ServerHarness, other: Scope, work: Callable[[], Awaitable[float]]) -> float:
    """Run the work while the other partner is active; print the delays of both."""
    stop = asyncio.Event()
    async with await make_http_client(harness, OTHER_PARTNER) as http:
        calm = asyncio.Event()
        sleeping = asyncio.create_task(measure_wakeup_delays(calm.is_set))
        usual = await measure_requests(http, lambda count: count >= BASELINE_REQUESTS)
        calm.set()
        calmly, sleeping = await sleeping, asyncio.create_task(measure_wakeup_delays(stop.is_set))
        beside = asyncio.create_task(measure_requests(http, lambda _: stop.is_set()))
        feed = asyncio.create_task(measure_feed_delays(harness, other, stop))
        seconds = await work()
        stop.set()
        during, late, restlessly = await beside, await feed, await sleeping
    print(
        f"other requests p99: idle {percentile(usual, 99):.1f}, loaded {percentile(during, 99):.1f} ms ({len(during)})"
    )
    print(f"10 ms sleep late by p99: idle {percentile(calmly, 99):.1f}, loaded {percentile(restlessly, 99):.1f} ms")
    print(f"others' feed: p50 {percentile(late, 50):.1f} ms, p99 {percentile(late, 99):.1f} ms ({len(late)})")
    return seconds


async def main(customers: int) -> None:
    """Print both rates and the delays of the other partner."""
    with temporary_replica_set() as (mongod,):
        harness, database = ServerHarness(mongod.uri, "bench_bulk", is_forked=False), mongod.pid
        client, scope, other = await _prepare(harness, mongod.uri, customers)
        token = await asyncio.to_thread(harness.token)
        with harness.start_server() as server:
            async with await make_http_client(harness, PARTNER) as http:
                # Without subscribers, so that it has both cores.
                tag, spent = await create_tag(http, "Bare"), cpu_seconds(database)
                bare_rate = customers / await update_many_bare(scope, tag)
                print(f"bare: {(cpu_seconds(database) - spent) / customers * 1e6:.0f} µs of mongod a customer")

                async def work() -> float:
                    before = cpu_seconds(server.process.pid), cpu_seconds(database)
                    seconds = await tag_all_customers(http)
                    after = cpu_seconds(server.process.pid), cpu_seconds(database)
                    each = [(now - then) / customers * 1e6 for then, now in zip(before, after, strict=True)]
                    print(
                        f"tagged, neighbours included: {each[0]:.0f} µs of the server and {each[1]:.0f} of mongod each"
                    )
                    return seconds

                with running_subscribers(server.url, token) as heard:
                    rate = customers / await _measure_other_partner(harness, other, work)
                    told = await asyncio.to_thread(heard)
        print(f"{min(told):,} changes delivered to each of {len(told)} subscribers, alike: {len(set(told)) == 1}")
        await client.close()
    print(f"bare update_many {bare_rate:,.0f} customers/s, assignTags {rate:,.0f}/s, ratio {rate / bare_rate:.2f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000))
