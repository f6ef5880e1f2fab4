"""Daily snapshots of licence lines, taken at 00:00 UTC for the day that ended, of every partner.

Each slice is a transaction of its own that takes what is missing, so that a run that was killed, or that two
processes do at once, ends as one run does. Days that were missed are taken with the facts as they stand now: an
entitlement is asked whether it ran as each day ended; its figures are the current ones or, where those are of a
later day, the last that were known before.
"""

import asyncio
from datetime import datetime

from domain.instants import DAY
from domain.license_snapshots import days_to_take, midnight
from store.client import Client
from store.clock import utc_now
from store.customer_slices import SLICE
from store.license_snapshots import take_snapshots
from store.scope import Scope
from store.snapshot_days import all_partners, customers_to_take, finish_day, partners_behind

_AT_ONCE = 2


async def snapshot_licenses(client: Client) -> int:
    """Takes the days that have ended since the last run; answers how many snapshots those were."""
    now = utc_now()
    taken = 0
    for partner, done in await partners_behind(client, midnight(now) - DAY):
        scope = Scope(client, partner.partner_id, now)
        for day in days_to_take(done, partner.created_at, now):
            taken += await _take_day(scope, day)
    return taken


async def snapshot_licenses_now(client: Client) -> int:
    """The same for whoever asks on the command line: what lacks yesterday's snapshot gets it, whenever it came."""
    taken = await snapshot_licenses(client)
    now = utc_now()
    for partner, _ in await all_partners(client):
        taken += await _take_day(Scope(client, partner.partner_id, now), midnight(now) - DAY)
    return taken


async def _take_day(scope: Scope, day: datetime) -> int:
    customers = await customers_to_take(scope)
    waiting = iter([customers[start : start + SLICE] for start in range(0, len(customers), SLICE)])
    taken = 0

    async def work() -> None:
        nonlocal taken
        for ids in waiting:
            taken += await take_snapshots(scope, ids, day)

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(work())
    await finish_day(scope, day)
    return taken
