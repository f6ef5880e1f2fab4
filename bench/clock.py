"""The delay of status changes: many customers due at one instant, three processes, one database.

`python -m bench.clock [CUSTOMERS …]` (2000 and 12000). Limits: at most 2 s late for 2,000, at least
1,500 per second above, each evaluated once.
"""

import asyncio
import sys
from datetime import datetime, timedelta
from multiprocessing import get_context

from jobs.loop import JobLoop
from server.gc_tuning import tune_gc
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.preparation import prepare_database
from tests.mongod import temporary_replica_set
from tests.store.factory_customers import add_customers, partner_scope, subscription

PROCESSES = 3
_LEFT_EXPIRING_SOON = {"kind": "STATUS_CHANGED", "left": "EXPIRING_SOON"}


def run_job_loop(uri: str, database: str) -> None:
    """Run the job loop of a server process."""

    tune_gc()

    async def forever() -> None:
        loop = JobLoop(Client(uri, database))
        loop.start()
        await asyncio.Event().wait()

    asyncio.run(forever())


async def measure(uri: str, customers: int) -> str:
    """Return one row: the entitlements of all customers end at one instant."""
    client = Client(uri, f"clock_{customers}")
    await prepare_database(client)
    scope = await partner_scope(client)
    # The end must still be in the future when all customers are created.
    end = utc_now() + timedelta(seconds=5 + customers / 300)
    entitlements = ((f"C-{n}", [subscription(f"S-{n}", ends_at=end)]) for n in range(customers))
    await add_customers(scope, entitlements)
    workers = [
        get_context("spawn").Process(target=run_job_loop, args=(uri, client.database_name)) for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    try:
        done = await _wait_until_evaluated(scope, customers, end)
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
    seconds = (done - end).total_seconds()
    events = await scope.collection("events").count({**scope.match(), **_LEFT_EXPIRING_SOON})
    await client.close()
    rate = f"{customers / seconds:,.0f}/s"
    return f"{customers:>9,} {seconds:>14.2f} {rate:>10} {events - customers:>8}"


async def _wait_until_evaluated(scope: Scope, customers: int, end: datetime) -> datetime:
    while utc_now() < end:
        await asyncio.sleep(0.05)
    waiting = {**scope.match(), "keys": "status:EXPIRING_SOON"}
    # To find one of them is cheap; to count them would slow down what is measured.
    while await scope.collection("customers").find_one(waiting, {"_id": 1}):
        await asyncio.sleep(0.01)
    return utc_now()


async def main(sizes: list[int]) -> None:
    """Print a row for each number of customers."""
    print(f"{'customers':>9} {'last after (s)':>14} {'rate':>10} {'doubled':>8}")
    with temporary_replica_set() as (mongod,):
        for size in sizes:
            print(await measure(mongod.uri, size), flush=True)


if __name__ == "__main__":
    asyncio.run(main([int(argument) for argument in sys.argv[1:]] or [2000, 12000]))
