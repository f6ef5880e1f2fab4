"""Daily snapshots of licence lines, taken at 00:00 UTC for the day that ended, of every partner.

Each slice is a transaction of its own that takes what is missing, so that a run that was killed, or that two
processes do at once, ends as one run does. Days that were missed are taken with the facts as they stand now: an
entitlement is asked whether it ran as each day ended; its figures are the current ones or, where those are of a
later day, the last that were known before.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime

from prometheus_client import Counter

from domain.entitlements.license_snapshots import days_to_take, midnight
from domain.time.instants import DAY
from store.changes.customer_batch import SLICE
from store.database.client import Client, PyMongoError
from store.database.clock import utc_now
from store.database.scope import Scope
from store.licenses.snapshot_days import all_partners, customers_to_take, finish_day, partners_behind
from store.licenses.snapshots import take_snapshots
from store.tenants.partners import PartnerDocument

_AT_ONCE = 2
_DONE = Counter("partnerhub_license_snapshots_total", "Snapshots of licence lines that the job has taken")


async def snapshot_licenses(client: Client) -> int:
    """Takes the days that have ended since the last run; answers how many snapshots those were."""
    now = utc_now()
    behind = await partners_behind(client, midnight(now) - DAY)
    return await _take(client, ((one, days_to_take(done, one.created_at, now)) for one, done in behind))


async def snapshot_licenses_now(client: Client) -> int:
    """The same for whoever asks on the command line: what lacks yesterday's snapshot gets it, whenever it came."""
    taken = await snapshot_licenses(client)
    yesterday = midnight(utc_now()) - DAY
    return taken + await _take(client, ((one, [yesterday]) for one, _ in await all_partners(client)))


async def _take(client: Client, due: Iterable[tuple[PartnerDocument, Sequence[datetime]]]) -> int:
    """What fails for one partner keeps no other waiting."""
    taken, failures = 0, []
    for partner, days in due:
        try:
            for day in days:
                taken += await _take_day(Scope(client, partner.partner_id, utc_now()), day)
        except (PyMongoError, ExceptionGroup) as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup("Some snapshots could not be taken.", failures)
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
    _DONE.inc(taken)
    return taken
