"""Six workers are killed and paused at random while they process due customers and jobs: each effect occurs once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from time import monotonic

import pytest

from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.preparation import prepare_database
from tests.api_server import PARTNER, ApiHarness
from tests.faults.figures import Figures
from tests.faults.scale import scaled
from tests.faults.scheduled_work import ScheduledWork
from tests.faults.workers import Workers
from tests.schema.factory_mutations import accept_terms

# The number of customers of each of three kinds, the seconds within which they become due, and the days to snapshot.
CUSTOMERS, SECONDS, DAYS = scaled(40, 600), scaled(6, 90), scaled(4, 12)
JOB_SECONDS, CALL_SECONDS = scaled(4, 6), 0.7
# The time to create the customers.
LEAD = timedelta(seconds=scaled(3, 10))
SEED = 20261125
FAULT = "Six workers, random kills and pauses"


@pytest.fixture
async def client(mongo_uri: str, database_name: str) -> AsyncIterator[Client]:
    made = Client(mongo_uri, database_name)
    await prepare_database(made)
    yield made
    await made.close()


async def test_all_work_is_done_exactly_once(
    client: Client, mongo_uri: str, database_name: str, figures: Figures
) -> None:
    with closing(ApiHarness("http://127.0.0.1", mongo_uri, database_name)) as api:
        administrator, token = await asyncio.to_thread(create_partner, api)
    workers = Workers(mongo_uri, database_name, SEED)
    try:
        await workers.wait_until_ready()
        spread = [workers.rng.uniform(0, SECONDS) for _ in range(CUSTOMERS)]
        work = ScheduledWork(Scope(client, PARTNER, utc_now()), spread, DAYS, token)
        await work.prepare(administrator, LEAD)
        await run_with_faults(work, workers)
        account = await work.check()
    finally:
        await workers.stop_all()
    figures.record(FAULT, "killed", workers.kills)
    figures.record(FAULT, "paused", workers.pauses)
    figures.record(FAULT, "effects of the clock and of bulk jobs", account.effects)
    figures.record(FAULT, "double effects", 0, 0)
    figures.record(FAULT, "missed", 0, 0)
    figures.record(FAULT, "half were written within", account.delays[len(account.delays) // 2], None, "s")
    figures.record(FAULT, "the latest was written after", account.delays[-1], None, "s")


def create_partner(api: ApiHarness) -> tuple[str, str]:
    """Create a partner; return an administrator and the token of a FULL_ADMINISTRATOR."""
    api.add_partner(PARTNER)
    accept_terms(api)
    return api.add_administrator("ADMINISTRATOR"), api.token(api.add_administrator("FULL_ADMINISTRATOR"))


async def run_with_faults(work: ScheduledWork, workers: Workers) -> None:
    """Apply faults until every customer was due, then wait until all work is done."""
    ends = monotonic() + SECONDS + LEAD.total_seconds()
    mistreating = asyncio.create_task(workers.inject_faults(ends))
    tagging = asyncio.create_task(repeat(JOB_SECONDS, ends, lambda: work.start_bulk_tagging(workers.addresses)))
    calling = asyncio.create_task(repeat(CALL_SECONDS, ends, work.deliver_calls))
    await asyncio.gather(mistreating, tagging, calling)
    async with asyncio.timeout(120):
        while await work.list_unfinished():
            await asyncio.sleep(0.1)


async def repeat(seconds: float, ends: float, do: Callable[[], Awaitable[None]]) -> None:
    """Repeat an action at an interval until a moment."""
    while monotonic() < ends:
        await do()
        await asyncio.sleep(seconds)
