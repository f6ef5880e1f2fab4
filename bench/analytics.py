"""KPIs of a large partner, compared with one aggregation, with and without cache; and how soon others see a change.

`python -m bench.analytics [CUSTOMERS [CHANGES]]` (10000 with 25,000 entitlements, and 100). Limits: all KPIs in one
request, of which no figure is kept, ≥ 10 times as fast as one aggregation over the entitlements; cached ≥ 100 times; a
change that one process acknowledges is visible at another ≤ 50 ms later at p99. A caller who has seen a change that the
server does not know yet gets figures that MongoDB counts. The KPIs are requested over HTTP, the aggregation without a
server. Wall time depends on the load of the machine; the CPU time of mongod depends on it much less. A forecast of 12
months, and the first page of the table of entitlements to reduce, cost at most 10 times the KPIs of which no figure is
kept.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from http.client import HTTPConnection
from statistics import median
from time import perf_counter, sleep
from typing import Any, NamedTuple

import orjson
from pymongo import MongoClient

from bench.analytics_data import generate_customers
from bench.process_usage import cpu_seconds
from domain.entitlements.peer_groups import MAX_THRESHOLD, MIN_GROUP_SIZE, MIN_PEER_TOTAL, latest_peer_addition
from server.http.graphql import SEEN_HEADER
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.mongod import temporary_replica_set
from tests.server_process import PARTNER, ServerHarness
from tests.store.factory_customers import add_customers, subscription

DATABASE = "bench_analytics"
KPI_NAMES = ("totalCustomers", "nearingExpiration", "nearingRenewal", "lowLicenseAssignment", "overLicenseLimit")
ALL_KPIS_QUERY = "{ kpis { " + " ".join(f"{name} {{ count }}" for name in KPI_NAMES) + " } }"
# The process keeps no figures over filters; every customer matches this one.
ANYBODY = "{managedBy: [EXTERNAL_ADMINISTRATOR, PARTNER_ORGANIZATION]}"
UNCACHED_QUERY = ALL_KPIS_QUERY.replace("kpis {", f"kpis(filter: {ANYBODY}) {{")
# The first request begins to build the index, which takes about a second.
BUILD_SECONDS = 5.0
FORECAST_QUERY = "{ renewalForecast { month renewing expiring licenses unassigned unused value { amount currency } } }"
RIGHT_SIZING_QUERY = """{ rightSizing(product: CALLING, days: 365) {
  totalCount nodes { total assigned usedLastThreeMonths suggestedTotal } } }"""
OVER_LIMIT_QUERY = "{ kpis { overLicenseLimit { count } } }"
# A request that names an operation time in the future gets no cached figure.
BYPASS_CACHE = {SEEN_HEADER: str((1 << 63) - 1)}
KpiCounts = Mapping[str, int]


class KpiClient:
    """A minimal client with one open connection; a complete one would cost more than a cached response."""

    def __init__(self, url: str, token: str) -> None:
        self._http = HTTPConnection(url.removeprefix("http://"), timeout=30)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def query_kpis(self, query: str = ALL_KPIS_QUERY, headers: Mapping[str, str] | None = None) -> KpiCounts:
        """Return the figures that the query selects."""
        answer = self.query(query, headers)
        return {name: kpi["count"] for name, kpi in answer["kpis"].items()}

    def query(self, query: str, headers: Mapping[str, str] | None = None) -> Any:
        """Return the data of the response."""
        body, shown = orjson.dumps({"query": query}), {**self._headers, **(headers or {})}
        try:
            answer = self._post(body, shown)
        except ConnectionError:
            # The server closes connections that were idle for some seconds.
            self._http.close()
            answer = self._post(body, shown)
        return answer["data"]

    def _post(self, body: bytes, headers: Mapping[str, str]) -> Any:
        self._http.request("POST", "/graphql", body, headers)
        return orjson.loads(self._http.getresponse().read())


class Cost(NamedTuple):
    """The cost of a request in ms: the median of wall time, and the mean CPU time of each process."""

    wall: float
    mongod: float
    server: float

    @property
    def processors(self) -> float:
        """The CPU time of both processes."""
        return self.mongod + self.server

    def format_row(self, label: str) -> str:
        """Return one row of the table."""
        return f"{label:34} {self.wall:9.2f} {self.mongod:9.2f} {self.server:9.2f}"

    def format_speedup(self, other: "Cost", label: str, least: int) -> str:
        """Return the speedup over another cost: by wall time, by mongod's CPU time, and by that of both processes."""
        # A cached response can cost mongod less than the resolution of its CPU time.
        mongod, both = max(self.mongod, 0.01), self.processors
        times = f"{other.wall / self.wall:8.1f} {other.mongod / mongod:9.1f} {other.processors / both:9.1f}"
        return f"{label:34}  {times} times (at least {least})"


def measure_cost(work: Callable[[], Any], processes: Sequence[int], rounds: int) -> Cost:
    """Measure the cost of some rounds after one warm-up."""
    work()
    began, taken = [cpu_seconds(pid) for pid in processes], []
    for _ in range(rounds):
        started = perf_counter()
        work()
        taken.append((perf_counter() - started) * 1000)
    used = [(cpu_seconds(pid) - before) * 1000 / rounds for pid, before in zip(processes, began, strict=True)]
    return Cost(float(median(taken)), *used)


def aggregate_kpis(database: Any, now: datetime) -> KpiCounts:
    """Return all KPIs from one aggregation over the entitlements, by the rules of domain/customers/kpis.py."""
    (found,) = database.entitlements.aggregate(_pipeline(now))
    flags, low = found["flags"][0], found["low"]
    return {name: flags[name] if name in flags else low[0]["count"] if low else 0 for name in KPI_NAMES}


def _pipeline(now: datetime) -> list[dict[str, Any]]:
    running = {"cancelled_at": {"$not": {"$lte": now}}, "set_up": True, "starts_at": {"$lte": now}}
    return [
        {"$match": {"partner_id": PARTNER, **running, "ends_at": {"$gt": now}}},
        {"$unwind": "$licenses"},
        {"$match": {"licenses.product": {"$in": ["MEETINGS", "CALLING"]}}},
        {"$facet": {"flags": _customer_flag_stages(now), "low": _low_assignment_stages(now)}},
    ]


def _customer_flag_stages(now: datetime) -> list[dict[str, Any]]:
    renews: dict[str, Any] = {
        "$and": ["$auto_renew", {"$eq": ["$cancelled_at", None]}, {"$eq": ["$kind", "SUBSCRIPTION"]}]
    }
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


def _low_assignment_stages(now: datetime) -> list[dict[str, Any]]:
    """Return the stages for peer groups, their thresholds, and the customers of the lines below them."""
    rate = {"$divide": ["$licenses.assigned", "$licenses.total"]}
    ranked = {"$arrayElemAt": ["$lines.rate", {"$subtract": [{"$ceil": {"$divide": ["$size", 4]}}, 1]}]}
    threshold = {"$cond": [{"$gte": ["$size", MIN_GROUP_SIZE]}, {"$min": [ranked, MAX_THRESHOLD]}, 0]}
    return [
        {"$match": {"licenses.total": {"$gte": MIN_PEER_TOTAL}, "added_at": {"$lte": latest_peer_addition(now)}}},
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


def import_usage(harness: ServerHarness, assigned: int) -> float:
    """Import licenses at the first server that move one customer over its limit, or back; return the time."""
    usage = {"entitlement": "CHANGING", "product": "MEETINGS", "day": f"{utc_now():%Y-%m-%d}"}
    summary = harness.import_lines("license-usage", [{**usage, "total": 10, "assigned": assigned, "used": 0}])
    assert summary["refused"] == 0, summary
    return perf_counter()


def measure_propagation(harness: ServerHarness, other: KpiClient, changes: int) -> list[float]:
    """Return for each change the milliseconds from its acknowledgement until the other server shows it, sorted."""
    late = []
    import_usage(harness, 5)
    count = other.query_kpis(OVER_LIMIT_QUERY, BYPASS_CACHE)["overLicenseLimit"]
    for number in range(changes):
        # A repeated request is cached; it changes only because the feed drops the cached figure.
        assert other.query_kpis(OVER_LIMIT_QUERY)["overLicenseLimit"] == count + number % 2
        acknowledged = import_usage(harness, 5 if number % 2 else 11)
        asked = perf_counter()
        while other.query_kpis(OVER_LIMIT_QUERY)["overLicenseLimit"] != count + (number + 1) % 2:
            asked = perf_counter()
        # The request that started at this time showed the change.
        late.append(max(0.0, asked - acknowledged) * 1000)
    return sorted(late)


def compare_costs(client: KpiClient, database: Any, processes: Sequence[int]) -> None:
    """Print the costs of the aggregation and of uncached and cached KPIs, and the speedups."""
    aggregation = measure_cost(lambda: aggregate_kpis(database, utc_now()), processes, 10)
    in_mongodb = measure_cost(lambda: client.query_kpis(headers=BYPASS_CACHE), processes, 100)
    assert client.query_kpis(UNCACHED_QUERY) == client.query_kpis(headers=BYPASS_CACHE)
    sleep(BUILD_SECONDS)
    uncached = measure_cost(lambda: client.query_kpis(UNCACHED_QUERY), processes, 100)
    cached = measure_cost(client.query_kpis, processes, 300)
    assert sum(month["licenses"] for month in client.query(FORECAST_QUERY)["renewalForecast"]) > 0
    forecast = measure_cost(lambda: client.query(FORECAST_QUERY), processes, 20)
    right_sizing = measure_cost(lambda: client.query(RIGHT_SIZING_QUERY), processes, 20)
    print(f"{'milliseconds, and times':34} {'wall':>9} {'mongod':>9} {'server':>9}")
    print(aggregation.format_row("one aggregation over entitlements"))
    print(in_mongodb.format_row("all KPIs in one request, by MongoDB"))
    print(uncached.format_row("counted in memory, nothing cached"))
    print(cached.format_row("the same, cached"))
    print(forecast.format_row("forecast of 12 months"))
    print(right_sizing.format_row("right sizing, a page and the total"))
    print(in_mongodb.format_speedup(aggregation, "by MongoDB, to the aggregation", 5))
    print(uncached.format_speedup(aggregation, "uncached, to the aggregation", 10))
    print(cached.format_speedup(aggregation, "cached, to the aggregation", 100))
    print("at most 10 times the KPIs, in processor time of mongod and server:")
    for label, cost in (("forecast", forecast), ("right sizing", right_sizing)):
        print(f"{label:34}  {cost.processors / uncached.processors:8.1f} of those in memory", end=", ")
        print(f"{cost.processors / in_mongodb.processors:.1f} of those by MongoDB")


async def main(customers: int, changes: int) -> None:
    """Print the three comparisons with their limits."""
    with temporary_replica_set() as (mongod,):
        harness = ServerHarness(mongod.uri, DATABASE, is_forked=False)
        await asyncio.to_thread(harness.make_partner)
        scope = Scope(Client(mongod.uri, DATABASE), PARTNER, utc_now())
        await add_customers(scope, generate_customers(customers, scope.now))
        lines = [{"product": "MEETINGS", "total": 10, "assigned": 5, "used": 0, "day": None}]
        await add_customers(scope, [("CHANGING", [subscription("CHANGING", licenses=lines)])])
        token = await asyncio.to_thread(harness.token)
        with (
            harness.start_server() as server,
            harness.start_server() as second,
            MongoClient[dict[str, Any]](mongod.uri) as mongo,
        ):
            client, other, database = KpiClient(server.url, token), KpiClient(second.url, token), mongo[DATABASE]
            assert client.query_kpis(headers=BYPASS_CACHE) == aggregate_kpis(database, utc_now()), "The figures differ."
            entitlements = database.entitlements.count_documents({"partner_id": PARTNER})
            print(f"{customers:,} customers, {entitlements:,} entitlements: {dict(client.query_kpis())}")
            compare_costs(client, database, (mongod.pid, server.process.pid))
            late = await asyncio.to_thread(measure_propagation, harness, other, changes)
            p50, p99 = late[len(late) // 2], late[len(late) * 99 // 100]
            print(f"{'a change visible elsewhere, p50':36} {p50:9.2f}")
            print(f"{'                           p99':36} {p99:9.2f} (at most 50)")
        await scope.client.close()


if __name__ == "__main__":
    asyncio.run(main(*([int(argument) for argument in sys.argv[1:]] + [10_000, 100][len(sys.argv) - 1 :])))
