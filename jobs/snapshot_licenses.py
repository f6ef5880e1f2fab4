"""Takes daily snapshots of licence lines of every partner, at 00:00 UTC for the day that ended.

Each batch is a transaction that adds the missing snapshots, so a run that was killed can be repeated, and two
processes can run at once. Missed days are taken later, for the entitlements that were running at the end of the day.
Their figures are the current ones or, where those are of a later day, the last known ones of an earlier day.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from prometheus_client import Counter

from domain.batches import split_into_batches
from domain.entitlements.license_snapshots import days_to_snapshot, start_of_day
from domain.time.instants import DAY
from store.changes.customer_batch import BATCH_SIZE
from store.database.client import Client, PyMongoError
from store.database.clock import utc_now
from store.database.scope import Scope
from store.database.turns import process_at_once
from store.licenses.snapshot_days import find_partners_behind, list_customer_ids, list_partners, mark_day_finished
from store.licenses.snapshots import take_snapshots
from store.tenants.partners import PartnerDocument

_MAX_CONCURRENCY = 2
_DONE = Counter("partnerhub_license_snapshots_total", "Snapshots of licence lines that the job has taken")


async def snapshot_licenses(client: Client) -> int:
    """Take the days that have ended since the last run; return the number of snapshots."""
    now = utc_now()
    behind = await find_partners_behind(client, start_of_day(now) - DAY)
    return await _take_snapshots(
        client, ((partner, days_to_snapshot(last_day, partner.created_at, now)) for partner, last_day in behind)
    )


async def snapshot_licenses_now(client: Client) -> int:
    """Do the same for the command line, and add missing snapshots of yesterday for lines that came since."""
    taken = await snapshot_licenses(client)
    yesterday = start_of_day(utc_now()) - DAY
    return taken + await _take_snapshots(client, ((partner, [yesterday]) for partner, _ in await list_partners(client)))


async def _take_snapshots(client: Client, due: Iterable[tuple[PartnerDocument, Sequence[datetime]]]) -> int:
    """Take the days of each partner; a failure of one partner is raised after the others are done."""
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
    customers = await list_customer_ids(scope)
    batches = split_into_batches(customers, BATCH_SIZE)
    taken = 0

    async def take_batch(ids: Sequence[str]) -> None:
        nonlocal taken
        # In two statements: `taken += await …` reads `taken` before the wait, and loses the other task's counts.
        count = await take_snapshots(scope, ids, day)
        taken += count

    await process_at_once(batches, _MAX_CONCURRENCY, take_batch)
    await mark_day_finished(scope, day)
    _DONE.inc(taken)
    return taken
