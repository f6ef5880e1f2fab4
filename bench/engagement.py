"""The cost of rolling up one week of one partner among many, and of calling engagement from weekly sums.

`python -m bench.engagement [ROWS [CUSTOMERS]]` (2000 per partner and week, and 5000). Limits: a roll-up reads only the
rows of its week, each three times at most, independent of other rows; each figure of a partner whose customers all
call every week costs at most 250 ms of MongoDB's CPU time (the trend of users 1.5 s) without cache. Figures are
requested in this process, without a server.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import perf_counter
from typing import Any

from bench.process_usage import cpu_seconds
from domain.time.weeks import WEEK, latest_completed_week
from domain.types import PartnerRole
from resolvers.context import Context, Viewer
from schema.build import build_schema
from server.graphql.operations import Operations
from store.calling.roll_up import roll_up_week
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.preparation import prepare_database
from tests.mongod import Mongod, temporary_replica_set
from tests.store.calling.factory_calls import call, put_calls
from tests.store.factory_customers import add_customers, partner_scope, subscription
from tests.stored_documents import stored_administrator

PARTNERS, WEEKS, ROUNDS, BATCH_SIZE = 5, 8, 5, 1000
MAX_READS_PER_ROW, MAX_MS, MAX_TREND_MS = 3, 250, 1500
TREND_SELECTION = "usersByUsageTrend { inactive low medium high }"
SELECTIONS = (
    *(TREND_SELECTION, "qualityTrend { poorPercent }", "qualityByEndpoint { poor }", "featureUse { calls customers }"),
    *("queueInsights { offered }", "customersByUsage { nodes { customer { name } calls licensedUsers } }"),
    *(
        "customersByUsage(orderBy: {field: WEEKLY_CHANGE_PERCENT}) { nodes { calls } }",
        "customersByUsage { totalCount }",
    ),
    *("customersByQuality { nodes { customer { name } poor } }", "customersByQuality { totalCount }"),
)


async def measure_cost(mongod: Mongod, work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Return the median wall time and MongoDB's mean CPU time of a round in ms, after one warm-up."""
    await work()
    used, taken = cpu_seconds(mongod.pid), []
    for _ in range(ROUNDS):
        started = perf_counter()
        await work()
        taken.append((perf_counter() - started) * 1000)
    return sorted(taken)[ROUNDS // 2], (cpu_seconds(mongod.pid) - used) * 1000 / ROUNDS


async def insert_calls(scope: Scope, customers: list[str], weeks: int, rows: int) -> None:
    """Insert a number of calls per week, for one customer after the other."""
    for back in range(weeks):
        monday = latest_completed_week(scope.now) - back * WEEK
        for first in range(0, rows, BATCH_SIZE):
            await put_calls(
                scope, [_call_document(customers, monday, n) for n in range(first, min(first + BATCH_SIZE, rows))]
            )


def _call_document(customers: list[str], monday: Any, number: int) -> dict[str, Any]:
    known = {"user_id": f"u-{number % 1000}", "endpoint": "DESK_PHONE", "loss": float(number % 7)}
    return call(customers[number % len(customers)], monday + timedelta(seconds=number), **known)


async def count_documents_read(client: Client) -> int:
    """Return the number of documents that queries have examined so far."""
    status = await client.command({"serverStatus": 1}, database="admin")
    return int(status["metrics"]["queryExecutor"]["scannedObjects"])


async def measure_roll_ups(client: Client, mongod: Mongod, rows: int) -> None:
    """Measure one week of one partner, alone and then among other weeks and partners."""
    scopes = [Scope(client, f"partner-{number}", utc_now()) for number in range(PARTNERS)]
    customers = [f"cus_{number}" for number in range(50)]
    week = latest_completed_week(scopes[0].now)
    for weeks, partners in ((1, scopes[:1]), (WEEKS, scopes)):
        for scope in partners:
            await insert_calls(scope, customers, weeks, rows)
        there = await client.collection("calls").count({})
        in_week = await client.collection("calls").count({**scopes[0].match(), "week": week})
        before = await count_documents_read(client)
        wall, used = await measure_cost(mongod, lambda: roll_up_week(scopes[0], week))
        readings = (await count_documents_read(client) - before) / (ROUNDS + 1) / in_week
        print(f"roll-up of {in_week:,} of {there:,} rows: {wall:6.0f} ms, mongod {used:6.0f} ms, each row read")
        print(f"  {readings:.2f} times, sums included (calls alone at most {MAX_READS_PER_ROW})", flush=True)


async def measure_figures(client: Client, mongod: Mongod, customers: int) -> None:
    """Measure each figure of callingEngagement for a partner whose customers all call every week."""
    scope = await partner_scope(client)
    line = {"product": "CALLING", "total": 50, "assigned": 40, "used": 20, "day": None}
    await add_customers(scope, ((f"C-{n}", [subscription(f"S-{n}", licenses=[line])]) for n in range(customers)))
    found = await scope.collection("customers").find(scope.match(), {"_id": 1})
    await insert_calls(scope, [one["_id"] for one in found], WEEKS, customers)
    for back in range(WEEKS):
        await roll_up_week(scope, latest_completed_week(scope.now) - back * WEEK)
    role, operations = PartnerRole.FULL_ADMINISTRATOR, Operations(build_schema(), 60.0)
    viewer = Viewer(stored_administrator(role=role), "acme", scope.now)
    print(f"{'milliseconds, ' + format(customers, ',') + ' customers':80} {'wall':>7} {'mongod':>7}")
    for figure in SELECTIONS:
        operation = operations.prepare(f"{{ callingEngagement {{ {figure} }} }}", None, {})

        async def ask(operation: Any = operation) -> None:
            answer = await operations.execute(operation, {}, Context(Scope(client, "acme", utc_now()), viewer))
            assert "errors" not in answer, answer

        wall, used = await measure_cost(mongod, ask)
        print(
            f"{figure:80} {wall:7.0f} {used:7.0f} (at most {MAX_TREND_MS if figure == TREND_SELECTION else MAX_MS})",
            flush=True,
        )


async def main(rows: int, customers: int) -> None:
    """Print both parts, each figure with its limit."""
    with temporary_replica_set() as (mongod,):
        client = Client(mongod.uri, "bench", timeout_ms=60_000)
        await prepare_database(client)
        await measure_roll_ups(client, mongod, rows)
        await measure_figures(client, mongod, customers)
        await client.close()


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    asyncio.run(main(*(given + [2000, 5000][len(given) :])))
