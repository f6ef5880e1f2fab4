"""KPIs of a large partner: beside the aggregation that would compute them, kept or not, and when others see a change.

`python -m bench.analytics [CUSTOMERS [CHANGES]]` (10000 with 25,000 entitlements, and 100). What must hold: all KPIs in
one request ≥ 10 times as fast as one aggregation over the entitlements, kept ≥ 10 times as fast again; a change made on
one process seen by those who ask another ≤ 50 ms later at p99. The KPIs are asked over HTTP, the aggregation without a
server in between.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from os import sysconf
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import httpx
from pymongo import MongoClient

from bench.analytics_data import made_customers
from domain.peer_groups import HIGHEST_THRESHOLD, SMALLEST_GROUP, SMALLEST_TOTAL, peers_added_until
from server.http import SEEN_HEADER
from store.client import Client
from store.clock import utc_now
from store.customer_slices import CustomerSlice, change_customers
from store.scope import Scope
from tests.hub import PARTNER, Hub
from tests.mongod import running_set
from tests.store.factory_customers import add_customers

DATABASE = "bench_analytics"
FIGURES = ("totalCustomers", "nearingExpiration", "nearingRenewal", "lowLicenseAssignment", "overLicenseLimit")
ALL = "{ kpis { " + " ".join(f"{name} {{ count }}" for name in FIGURES) + " } }"
OVER = "{ kpis { overLicenseLimit { count } } }"
# Who shows a change that lies ahead is served nothing that was kept.
NOTHING_KEPT = {SEEN_HEADER: str((1 << 63) - 1)}
Figures = Mapping[str, int]


class Asker:
    """One client of one server process."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def ask(self, query: str = ALL, headers: Mapping[str, str] | None = None) -> Figures:
        """The figures that the query selects."""
        answer = self._http.post("/graphql", json={"query": query}, headers=headers).json()
        return {name: kpi["count"] for name, kpi in answer["data"]["kpis"].items()}


class Cost(NamedTuple):
    """What a question costs: the median of some rounds on the wall, and the mean of the processes' time, in ms."""

    wall: float
    mongod: float
    server: float

    def row(self, label: str, beside: float | None = None) -> str:
        """One row; `beside` is what it is compared with."""
        times = "" if beside is None else f"{beside / self.wall:8.1f} times (at least 10)"
        return f"{label:34} {self.wall:9.2f} {self.mongod:9.2f} {self.server:9.2f}{times}"


def cost_of(work: Callable[[], Any], processes: Sequence[int], rounds: int) -> Cost:
    """The first round, which warms what there is to warm, is not among them."""
    work()
    began, taken = [_processor_time(pid) for pid in processes], []
    for _ in range(rounds):
        started = perf_counter()
        work()
        taken.append((perf_counter() - started) * 1000)
    used = [(_processor_time(pid) - before) / rounds for pid, before in zip(processes, began, strict=True)]
    return Cost(float(median(taken)), *used)


def _processor_time(pid: int) -> float:
    """What a process has used so far, in milliseconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / sysconf("SC_CLK_TCK")


def aggregated(database: Any, now: datetime) -> Figures:
    """All KPIs by one aggregation over the partner's entitlements, as domain.md has them."""
    (found,) = database.entitlements.aggregate(_pipeline(now))
    flags, low = found["flags"][0], found["low"]
    return {name: flags[name] if name in flags else low[0]["count"] if low else 0 for name in FIGURES}


def _pipeline(now: datetime) -> list[dict[str, Any]]:
    running = {"cancelled_at": {"$not": {"$lte": now}}, "set_up": True, "starts_at": {"$lte": now}}
    return [
        {"$match": {"partner_id": PARTNER, **running, "ends_at": {"$gt": now}}},
        {"$unwind": "$licenses"},
        {"$match": {"licenses.product": {"$in": ["MEETINGS", "CALLING"]}}},
        {"$facet": {"flags": _flags(now), "low": _low(now)}},
    ]


def _flags(now: datetime) -> list[dict[str, Any]]:
    renews: dict[str, Any] = {"$and": ["$auto_renew", {"$eq": ["$kind", "SUBSCRIPTION"]}]}
    ahead = {"$lte": ["$ends_at", now + timedelta(days=90)]}
    of_customer = {
        "nearingExpiration": {"$max": {"$and": [ahead, {"$not": [renews]}]}},
        "nearingRenewal": {"$max": {"$and": [ahead, renews]}},
        "overLicenseLimit": {"$max": {"$gt": ["$licenses.assigned", "$licenses.total"]}},
    }
    summed = {name: {"$sum": {"$cond": [f"${name}", 1, 0]}} for name in of_customer}
    return [
        {"$group": {"_id": "$customer_id", **of_customer}},
        {"$group": {"_id": None, "totalCustomers": {"$sum": 1}, **summed}},
    ]


def _low(now: datetime) -> list[dict[str, Any]]:
    """The peer groups with their thresholds, and the customers of the lines below them."""
    rate = {"$divide": ["$licenses.assigned", "$licenses.total"]}
    ranked = {"$arrayElemAt": ["$lines.rate", {"$subtract": [{"$ceil": {"$divide": ["$size", 4]}}, 1]}]}
    threshold = {"$cond": [{"$gte": ["$size", SMALLEST_GROUP]}, {"$min": [ranked, HIGHEST_THRESHOLD]}, 0]}
    return [
        {"$match": {"licenses.total": {"$gte": SMALLEST_TOTAL}, "added_at": {"$lte": peers_added_until(now)}}},
        {"$project": {"_id": 0, "product": "$licenses.product", "customer": "$customer_id", "rate": rate}},
        {"$sort": {"rate": 1}},
        {
            "$group": {
                "_id": "$product",
                "size": {"$sum": 1},
                "lines": {"$push": {"rate": "$rate", "customer": "$customer"}},
            }
        },
        {"$set": {"threshold": threshold}},
        {"$unwind": "$lines"},
        {"$match": {"$expr": {"$lt": ["$lines.rate", "$threshold"]}}},
        {"$group": {"_id": "$lines.customer"}},
        {"$count": "count"},
    ]


async def overload(scope: Scope, assigned: int) -> float:
    """Pushes the one customer whose licences are changed over its limit, or back; when that was acknowledged."""
    lines = [{"product": "MEETINGS", "total": 10, "assigned": assigned, "used": 0, "day": None}]

    async def body(changing: CustomerSlice) -> None:
        (work,) = changing.works
        work.put_entitlement(next(iter(work.entitlements)), {"licenses": lines, "set_up": True, "cancelled_at": None})

    await change_customers(scope, {"external_id": "CHANGING"}, body)
    return perf_counter()


async def seen_after(scope: Scope, asker: Asker, changes: int) -> list[float]:
    """For each change, the milliseconds from its acknowledgement until another process's answer shows it."""
    late = []
    count = asker.ask(OVER)["overLicenseLimit"]
    for number in range(changes):
        acknowledged = await overload(scope, 11 if number % 2 == 0 else 5)
        expected = count + (1 if number % 2 == 0 else 0)
        asked = perf_counter()
        while (await asyncio.to_thread(asker.ask, OVER))["overLicenseLimit"] != expected:
            asked = perf_counter()
        # What was asked at this moment showed it: whoever asks from here on does see it.
        late.append(max(0.0, asked - acknowledged) * 1000)
    return sorted(late)


async def main(customers: int, changes: int) -> None:
    """Prints the three comparisons, each with its limit."""
    with running_set() as (mongod,):
        hub = Hub(mongod.uri, DATABASE)
        await asyncio.to_thread(hub.make_partner)
        scope = Scope(Client(mongod.uri, DATABASE), PARTNER, utc_now())
        await add_customers(scope, made_customers(customers, scope.now))
        changing = next(iter(made_customers(1, scope.now, seed=2)))[1]
        far = {"number": "CHANGING", "ends_at": scope.now + timedelta(days=700)}
        await add_customers(scope, [("CHANGING", [{**changing[0], **far, "first_ends_at": far["ends_at"]}])])
        token = await asyncio.to_thread(hub.token)
        with hub.serving() as server, MongoClient[dict[str, Any]](mongod.uri) as mongo:
            asker, database = Asker(server.url, token), mongo[DATABASE]
            assert asker.ask(headers=NOTHING_KEPT) == aggregated(database, utc_now()), "The figures differ."
            held = database.entitlements.count_documents({"partner_id": PARTNER})
            print(f"{customers:,} customers, {held:,} entitlements: {dict(asker.ask())}")
            assert mongod.process is not None
            processes = (mongod.process.pid, server.process.pid)
            whole = cost_of(lambda: aggregated(database, utc_now()), processes, 10)
            counted = cost_of(lambda: asker.ask(headers=NOTHING_KEPT), processes, 100)
            kept = cost_of(asker.ask, processes, 300)
            print(f"{'milliseconds':34} {'wall':>9} {'mongod':>9} {'server':>9}")
            print(whole.row("one aggregation over entitlements"))
            print(counted.row("all KPIs in one request", whole.wall))
            print(kept.row("the same, kept", counted.wall))
            late = await seen_after(scope, asker, changes)
            p50, p99 = late[len(late) // 2], late[len(late) * 99 // 100]
            print(f"{'a change seen by others, p50':34} {p50:9.2f}")
            print(f"{'                         p99':34} {p99:9.2f} (at most 50)")
        await scope.client.close()


if __name__ == "__main__":
    asyncio.run(main(*([int(argument) for argument in sys.argv[1:]] + [10_000, 100][len(sys.argv) - 1 :])))
