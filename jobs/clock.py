"""What time alone brings: statuses that turn, subscriptions that renew, assignments that expire.

Each job finds the customers whose moment has come and runs them through the one write path, which
catches up whatever is due inside each customer's own transaction. So it does not matter which job,
or which process, comes first, and a customer that is no longer due is left alone.
"""

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial

from prometheus_client import Counter, Gauge

from store.changes.customer_batch import BATCH_SIZE, CustomerBatch, change_customers
from store.changes.due import DueCustomer, DueField, find_due_customers
from store.database.client import Client
from store.database.clock import utc_now
from store.database.conflict_halving import BATCH_DEADLINE_SECONDS, halve_on_conflict
from store.database.scope import Scope

# While one slice is computed here, others are in the database; more than four gain nothing on two cores.
_MAX_CONCURRENCY = 4
_CUSTOMERS_PER_RUN = 2000
_LAG = Gauge("partnerhub_clock_lag_seconds", "How long the most overdue customer has been due, in seconds", ["job"])
_DONE = Counter("partnerhub_clock_customers_total", "Customers that a clock job has run", ["job"])


async def evaluate_due(client: Client) -> int:
    """Turns the statuses whose moment has come; answers how many customers were due."""
    return await _run_due(client, "next_evaluation_at", "evaluate_due")


async def renew_due(client: Client) -> int:
    """Writes down the renewals of auto-renewing subscriptions, with one order a term."""
    return await _run_due(client, "next_renewal_at", "renew_due")


async def expire_assignments(client: Client) -> int:
    """Takes away the assignments that have expired."""
    return await _run_due(client, "next_unassignment_at", "expire_assignments")


async def _run_due(client: Client, moment: DueField, job: str) -> int:
    now = utc_now()
    due = await find_due_customers(client, moment, now, _CUSTOMERS_PER_RUN)
    _LAG.labels(job).set((now - due[0].moment).total_seconds() if due else 0)
    batches = _split_into_batches(due)

    async def work() -> None:
        for partner_id, ids in batches:
            evaluate = partial(_evaluate_batch, client, partner_id)
            await halve_on_conflict(ids, evaluate, single_deadline=BATCH_DEADLINE_SECONDS)
            _DONE.labels(job).inc(len(ids))

    async with asyncio.TaskGroup() as group:
        for _ in range(_MAX_CONCURRENCY):
            group.create_task(work())
    return len(due)


def _split_into_batches(due: Sequence[DueCustomer]) -> Iterator[tuple[str, list[str]]]:
    """Slices of one partner each, in the order in which they are due."""
    by_partner: dict[str, list[str]] = {}
    for found in due:
        by_partner.setdefault(found.partner_id, []).append(found.customer_id)
    for partner_id, ids in by_partner.items():
        for start in range(0, len(ids), BATCH_SIZE):
            yield partner_id, ids[start : start + BATCH_SIZE]


async def _evaluate_batch(client: Client, partner_id: str, ids: Sequence[str], deadline: float) -> None:
    scope = Scope(client, partner_id, utc_now())
    await change_customers(scope, {"_id": {"$in": list(ids)}}, _no_change, deadline=deadline)


async def _no_change(_: CustomerBatch) -> None:
    """Catching up is all that the clock does."""
