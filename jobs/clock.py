"""The jobs for what time alone changes: statuses, renewals of subscriptions, expired assignments.

Each job finds the due customers and loads them through the one write path, which applies everything that is due
inside the transaction. So the order of jobs and processes does not matter, and a customer that is no longer due is
not written (docs/decisions/0004).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from operator import itemgetter

from domain.batches import split_into_batches, take_turns
from jobs.metrics import count_customers, set_lag
from store.changes.customer_batch import BATCH_SIZE, evaluate_customers
from store.changes.due import DueCustomer, DueField, find_due_customers
from store.database.client import Client
from store.database.clock import utc_now
from store.database.conflict_halving import BATCH_DEADLINE_SECONDS, halve_on_conflict
from store.database.scope import Scope
from store.database.turns import process_at_once

# While one batch is computed here, others are in the database. More than four gain nothing on two cores.
_MAX_CONCURRENCY = 4
_CUSTOMERS_PER_RUN = 2000


async def evaluate_due(client: Client) -> int:
    """Evaluate the statuses that time has changed; return how many customers were due."""
    return await _run_due(client, "next_evaluation_at", "evaluate_due")


async def renew_due(client: Client) -> int:
    """Renew auto-renewing subscriptions, with one order per term; return how many customers were due."""
    return await _run_due(client, "next_renewal_at", "renew_due")


async def expire_assignments(client: Client) -> int:
    """Remove expired assignments; return how many customers were due."""
    return await _run_due(client, "next_unassignment_at", "expire_assignments")


async def _run_due(client: Client, moment: DueField, job: str) -> int:
    now = utc_now()
    due = await _find_due(client, moment, now)
    set_lag(job, (now - due[0].moment).total_seconds() if due else 0.0)
    batches = _batches_by_partner(due)

    async def evaluate_batch(batch: tuple[str, Sequence[str]]) -> None:
        partner_id, ids = batch
        evaluate = partial(_evaluate_batch, client, partner_id)
        await halve_on_conflict(ids, evaluate, single_deadline=BATCH_DEADLINE_SECONDS)
        count_customers(job, len(ids))

    await process_at_once(batches, _MAX_CONCURRENCY, evaluate_batch)
    return len(due)


async def _find_due(client: Client, moment: DueField, now: datetime) -> list[DueCustomer]:
    """Return customers that are due; where those of some partners would fill the run, others of the rest as well."""
    due = await find_due_customers(client, moment, now, _CUSTOMERS_PER_RUN)
    if len(due) == _CUSTOMERS_PER_RUN:
        partners = {customer.partner_id for customer in due}
        due += await find_due_customers(client, moment, now, _CUSTOMERS_PER_RUN, partners)
    return due


def _batches_by_partner(due: Sequence[DueCustomer]) -> Iterator[tuple[str, Sequence[str]]]:
    """Return batches of customer ids, each of one partner, in the order in which they are due; partners take turns."""
    by_partner: dict[str, list[str]] = {}
    for customer in due:
        by_partner.setdefault(customer.partner_id, []).append(customer.customer_id)
    batches = ((id_, batch) for id_, ids in by_partner.items() for batch in split_into_batches(ids, BATCH_SIZE))
    return take_turns(batches, itemgetter(0))


async def _evaluate_batch(client: Client, partner_id: str, ids: Sequence[str], deadline: float) -> None:
    await evaluate_customers(Scope(client, partner_id, utc_now()), ids, deadline=deadline)
