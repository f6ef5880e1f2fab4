"""Bulk tagging, compared with a bare `update_many`, while feeds and other partners are active.

`python -m bench.bulk [CUSTOMERS]` (50,000). Limits: at least 0.3 of the customers a second that a bare
`update_many` with `$addToSet` reaches over the same customers in the same run (the median of some before and some after
the job), events and feeds included; the feed of others stays at p99 ≤ 100 ms, and their requests at three times their
usual p99. A hundred subscribers follow a list of the tagged partner (about one customer in fifty matches); the other
partner's requests and changes come every 30 ms (bench/neighbours.py).
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from statistics import median
from threading import Event
from time import monotonic
from typing import Any

import httpx

from bench.fanout import record_changes
from bench.fanout_load import subscribe_messages
from bench.neighbours import Neighbour, measure_wakeup_delays, running_subscribers
from bench.process_usage import cpu_seconds
from bench.recorded_changes import RecordedChanges
from domain.customers.keys import dimension_key
from store.database.client import Client, UpdateMany
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.mongod import temporary_replica_set
from tests.server_process import PARTNER, ServerHarness
from tests.store.factory_customers import add_customers, subscription

OTHER_PARTNER, OTHER_CUSTOMERS, SUBSCRIBERS, BASELINE_REQUESTS = "other", 200, 100, 300
BARE_RUNS = 3
DATABASE = "bench_bulk"
LIST_SUBSCRIPTION = (
    'subscription { customerListChanged(filter: {search: "g0-12"}) { cursor kind customer { externalId name } } }'
)
CREATE_TAG = "mutation($name: String!) { createTag(input: {name: $name}) { tag { id } userErrors { message } } }"
ASSIGN_TAGS = """mutation($tag: ID!) { assignTags(input: {customers: {matching: {}}, tags: [$tag]}) {
  job { id } userErrors { message } } }"""
JOB_QUERY = "query($id: ID!) { node(id: $id) { ... on BulkJob { state done changed skipped } } }"


async def run_query(http: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    """Return the data of an operation."""
    answer = (await http.post("/graphql", json={"query": query, "variables": variables})).json()
    data: dict[str, Any] = answer["data"]
    return data


def make_http_client(harness: ServerHarness, token: str) -> httpx.AsyncClient:
    """Return a client with the token."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=harness.url, headers=headers, timeout=30)


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


async def measure_bare(http: httpx.AsyncClient, scope: Scope, database: int, customers: int) -> list[float]:
    """Tag the same customers several times with one `update_many`, which also updates their keys; return the rates.

    Nothing else runs, so that it has both cores.
    """
    rates, spent = [], cpu_seconds(database)
    for number in range(BARE_RUNS):
        tag = await create_tag(http, f"Bare {number} {spent}")
        key = dimension_key("tag", tag)
        change = {"$addToSet": {"tag_ids": tag, "keys": key, "order_keys": key}}
        began = monotonic()
        await scope.collection("customers").bulk_write([UpdateMany(scope.match(), change)])
        rates.append(customers / (monotonic() - began))
    used = (cpu_seconds(database) - spent) / customers / BARE_RUNS * 1e6
    print(f"bare: {', '.join(f'{rate:,.0f}' for rate in rates)} customers/s, {used:.0f} µs of mongod each", flush=True)
    return rates


def percentile(values: list[float], percent: int) -> float:
    """Return a percentile of the values."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


async def _prepare(harness: ServerHarness, uri: str, customers: int) -> tuple[Scope, RecordedChanges]:
    """Make both partners; return the scope of the one whose customers are tagged, and the changes of the other."""
    client = Client(uri, DATABASE, timeout_ms=None)
    scopes = [Scope(client, partner, utc_now()) for partner in (PARTNER, OTHER_PARTNER)]
    for scope in scopes:
        await asyncio.to_thread(harness.make_partner, scope.partner_id)
        accepted = {"$set": {"terms_accepted_at": scope.now}}
        await scope.collection("partners").update_one(scope.match(), accepted)
    recorded = await record_changes(scopes[1], uri, OTHER_CUSTOMERS)
    began = monotonic()
    tagged = (f"G0-{n}" for n in range(customers))
    await add_customers(scopes[0], ((name, [subscription(f"S-{name}")]) for name in tagged))
    print(f"{monotonic() - began:.0f} s to make {customers:,} customers", flush=True)
    return scopes[0], recorded


async def _measure_neighbour(neighbour: Neighbour, work: Callable[[], Awaitable[float]]) -> float:
    """Run the work while the neighbour is active; print the delays of both, and return the seconds of the work."""
    in_thread, calm, stop = asyncio.to_thread, Event(), Event()
    sleeping = asyncio.create_task(in_thread(measure_wakeup_delays, calm.is_set))
    # With the neighbour's changes, after each of which a response from memory is none any more.
    feed = asyncio.create_task(in_thread(neighbour.measure_feed_delays, calm))
    usual = await in_thread(neighbour.measure_requests, lambda count: count >= BASELINE_REQUESTS)
    calm.set()
    usually_late, calmly = await feed, await sleeping
    sleeping = asyncio.create_task(in_thread(measure_wakeup_delays, stop.is_set))
    beside = asyncio.create_task(in_thread(neighbour.measure_requests, lambda _: stop.is_set()))
    feed = asyncio.create_task(in_thread(neighbour.measure_feed_delays, stop))
    seconds = await work()
    stop.set()
    during, late, restlessly = await beside, await feed, await sleeping
    print(
        f"other requests p99: idle {percentile(usual, 99):.1f}, loaded {percentile(during, 99):.1f} ms ({len(during)})"
    )
    print(f"10 ms sleep late by p99: idle {percentile(calmly, 99):.1f}, loaded {percentile(restlessly, 99):.1f} ms")
    print(f"others' feed p99: idle {percentile(usually_late, 99):.1f}, loaded {percentile(late, 99):.1f} ms")
    print(f"others' feed p50: loaded {percentile(late, 50):.1f} ms ({len(late)})")
    return seconds


async def _measure_job(http: httpx.AsyncClient, customers: int, server: int, database: int) -> float:
    """Tag all customers; print the processor time of all but the subscribers, and return the seconds."""
    processes = {"server": server, "mongod": database, "this process": os.getpid()}
    before = {name: cpu_seconds(pid) for name, pid in processes.items()}
    seconds = await tag_all_customers(http)
    used = {name: (cpu_seconds(pid) - before[name]) / customers * 1e6 for name, pid in processes.items()}
    print(f"µs a customer, neighbours included: {', '.join(f'{name} {each:.0f}' for name, each in used.items())}")
    return seconds


async def main(customers: int) -> None:
    """Print both rates and the delays of the other partner."""
    with temporary_replica_set() as (mongod,):
        harness = ServerHarness(mongod.uri, DATABASE, is_forked=False)
        scope, recorded = await _prepare(harness, mongod.uri, customers)
        token = await asyncio.to_thread(harness.token)
        others_token = await asyncio.to_thread(harness.token, partner=OTHER_PARTNER)
        with harness.start_server() as server:
            async with make_http_client(harness, token) as http:
                bare_rates = await measure_bare(http, scope, mongod.pid, customers)
                work = partial(_measure_job, http, customers, server.process.pid, mongod.pid)
                neighbour = Neighbour(server.url, others_token, recorded, OTHER_CUSTOMERS)
                port, messages = int(server.url.rpartition(":")[2]), subscribe_messages(token, LIST_SUBSCRIPTION)
                with running_subscribers(port, SUBSCRIBERS, messages) as heard:
                    rate = customers / await _measure_neighbour(neighbour, work)
                    told = await asyncio.to_thread(heard)
                bare_rate = median(bare_rates + await measure_bare(http, scope, mongod.pid, customers))
        recorded.close()
        await scope.client.close()
    print(f"{sum(told.values()):,} changes of {len(told):,} customers; all to {SUBSCRIBERS}: {set(told.values())}")
    print(f"bare update_many {bare_rate:,.0f} customers/s, assignTags {rate:,.0f}/s, ratio {rate / bare_rate:.2f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000))
