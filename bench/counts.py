"""Totals and facets of a large partner: from memory, and from MongoDB.

`python -m bench.counts [CUSTOMERS]` (200,000). Limits, in milliseconds of processor time at the median: a total takes
at most 30, facets 200, for each filter and viewer. It also prints what building an index takes, its memory, how long
the event loop stood still meanwhile, what reading changed customers takes, and all filters again after their change.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median
from time import perf_counter, process_time, thread_time
from typing import Any

from msgspec.structs import replace

from bench.list_data import ADMINISTRATORS, TAGS, fill
from bench.process_usage import cpu_seconds
from domain.batches import split_into_batches
from domain.customers.filter import parse_filter
from domain.types import PartnerRole
from store.counts.live_index import LiveIndex
from store.customers.customers import CUSTOMER_INDEXES, Customers
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.mongod import temporary_replica_set

PARTNER, DATABASE = "large", "counts"
MAX_TOTAL_MS, MAX_FACETS_MS = 30, 200
NOBODY_WAITS = 1 << 40
CHANGED_AT_ONCE = 250
FILTERS: list[Mapping[str, Any]] = [
    {},
    {"status": ["TRIAL"]},
    {"tag": [TAGS[3]], "country": ["FR"], "product": ["MESSAGING"]},
    {"not_": {"status": ["SUBSCRIPTION"]}},
    {"search": "g"},
    {"search": "mul", "product": ["CALLING"]},
    {"search": "会社"},
    {"expires_within_days": 30},
    {"renews_within_days": 365, "has_tags": True},
    {"any_of": [{"status": ["TRIAL"]}, {"search": "mul"}, {"country": ["RS"]}]},
    {"any_of": [{"search": f"{one} {other}"} for one in "abcdefghij" for other in "klmnopqrs"]},
]


class Stalls:
    """The longest time for which the event loop did not run other tasks."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            began = thread_time()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, thread_time() - began)

    def stop(self) -> float:
        """Return the longest stall in milliseconds of the loop's processor time."""
        self._task.cancel()
        return self.longest * 1000


async def measure(read: Callable[[], Awaitable[Any]], rounds: int, mongod: int) -> tuple[float, float, Any]:
    """Return milliseconds of processor time at the median, those of mongod on average, and the answer."""
    times, began, answer = [], cpu_seconds(mongod), None
    for _ in range(rounds):
        before = process_time()
        answer = await read()
        times.append((process_time() - before) * 1000)
    return float(median(times)), (cpu_seconds(mongod) - began) * 1000 / rounds, answer


async def compare(index: LiveIndex, scope: Scope, mongod: int) -> list[str]:
    """Print the table of one viewer; return the limits that were missed."""
    missed = []
    for raw in FILTERS:
        condition, customers = parse_filter(raw), Customers(scope)
        total = await measure(lambda: index.count(scope, condition), 7, mongod)  # noqa: B023  Awaited at once.
        facets = await measure(lambda: index.facets(scope, condition), 7, mongod)  # noqa: B023
        label = str(raw)[:70]
        in_mongodb = ""
        if len(str(raw)) < 200:
            slow = await measure(lambda: customers.count(condition), 1, mongod)  # noqa: B023
            slow_facets = await measure(lambda: customers.facets(condition), 1, mongod)  # noqa: B023
            assert (total[2], facets[2]) == (slow[2], slow_facets[2]), raw
            in_mongodb = f"{slow[1]:>9.0f} {slow_facets[1]:>9.0f}"
        print(f"{label:<70} {total[2]:>9,} {total[0]:>7.2f} {facets[0]:>7.2f} {in_mongodb}", flush=True)
        if total[0] > MAX_TOTAL_MS or facets[0] > MAX_FACETS_MS:
            missed.append(f"{label}: {total[0]:.0f} ms, facets {facets[0]:.0f} ms")
    return missed


async def run_measurements(uri: str, mongod: int) -> list[str]:
    """Build the index, compare the two ways, change customers."""
    client = Client(uri, DATABASE, timeout_ms=None)
    await client.collection("customers").create_indexes(CUSTOMER_INDEXES)
    index, stalls = LiveIndex(client, PARTNER), Stalls()
    began, cpu, mongod_began = perf_counter(), process_time(), cpu_seconds(mongod)
    await index.build(NOBODY_WAITS)
    times = perf_counter() - began, process_time() - cpu, cpu_seconds(mongod) - mongod_began
    print("build: {:.1f} s, processor {:.1f} s, mongod {:.1f} s".format(*times))
    print(f"longest stall {stalls.stop():.0f} ms; {index.bytes / 1e6:.0f} MB")
    scope = Scope(client, PARTNER, utc_now())
    print(
        f"{'milliseconds of processor (MongoDB: of mongod)':<70} {'customers':>9} {'total':>7} {'facets':>7} "
        f"{'MongoDB':>9} {'facets':>9}"
    )
    missed = await compare(index, scope, mongod)
    print("an administrator who sees some customers:")
    viewer = replace(scope, administrator_id=ADMINISTRATORS[0], role=PartnerRole.ADMINISTRATOR)
    missed += await compare(index, viewer, mongod)
    await change_customers(client, index, scope, mongod)
    missed += await compare(index, scope, mongod)
    await client.close()
    return missed


async def change_customers(client: Client, index: LiveIndex, scope: Scope, mongod: int) -> None:
    """Change a quarter of the customers, some at a time; print what it takes."""
    customers = await client.collection("customers").find({"partner_id": PARTNER}, {"_id": 1}, sort=[("name", 1)])
    changed, stalls = customers[: len(customers) // 4], Stalls()
    cpu, mongod_began = process_time(), cpu_seconds(mongod)
    for some in split_into_batches(changed, CHANGED_AT_ONCE):
        for customer in some:
            index.mark_changed(customer["_id"])
        await index.count(scope, parse_filter({}))
    used, used_by_mongod = (process_time() - cpu, cpu_seconds(mongod) - mongod_began)
    each, each_of_mongod = (seconds * 1e6 / len(changed) for seconds in (used, used_by_mongod))
    print(f"each of {len(changed):,} changed customers: {each:.0f} µs, mongod {each_of_mongod:.0f} µs")
    print(f"longest stall {stalls.stop():.0f} ms; {index.bytes / 1e6:.0f} MB; dropped: {index.is_dropped}")


def main(customers: int) -> None:
    """Fill the database, measure, and print the limits that were missed."""
    now, half = utc_now(), customers // 2
    with temporary_replica_set() as (mongod,):
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            parts = [(0, half), (half, customers - half)]
            for task in [pool.submit(fill, mongod.uri, DATABASE, PARTNER, *part, now) for part in parts]:
                task.result()
        missed = asyncio.run(run_measurements(mongod.uri, mongod.pid))
    print(f"\n{len(missed)} limits were missed", *missed, sep="\n- ")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 200_000)
