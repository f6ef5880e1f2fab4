"""Finds the customers that are due for evaluation, renewal or unassignment, over all partners: for jobs only."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from store.database.client import Client, Document, IndexModel

DueField = Literal["next_evaluation_at", "next_renewal_at", "next_unassignment_at"]
DUE_FIELDS: Sequence[DueField] = ("next_evaluation_at", "next_renewal_at", "next_unassignment_at")
# `due_at` is the earliest of the three moments. One index serves all of them, since each index costs every write.
DUE_INDEXES = (
    IndexModel(
        # With the moments in the index, a job reads no customer that is due for another job.
        [("due_at", 1), ("urgency_sort", 1), *((moment, 1) for moment in DUE_FIELDS)],
        name="due_moments",
        partialFilterExpression={"due_at": {"$type": "date"}},
    ),
)


class DueCustomer(NamedTuple):
    """A customer that has been due since `moment`."""

    partner_id: str
    customer_id: str
    moment: datetime


async def next_due_at(client: Client) -> datetime | None:
    """Return the earliest moment at which a customer is due; it can be past."""
    where: Document = {"due_at": {"$type": "date"}}
    customers = await client.collection("customers").find(where, {"_id": 0, "due_at": 1}, sort=[("due_at", 1)], limit=1)
    return customers[0]["due_at"] if customers else None


async def find_due_customers(
    client: Client, moment: DueField, now: datetime, limit: int, others: Collection[str] = ()
) -> list[DueCustomer]:
    """Return at most `limit` due customers: the longest overdue first and, at equal moments, the most urgent first.

    Those of the partners `others` are left out.
    """
    where: Document = {"due_at": {"$lte": now, "$type": "date"}, moment: {"$lte": now}}
    if others:
        where["partner_id"] = {"$nin": list(others)}
    order = [("due_at", 1), ("urgency_sort", 1)]
    projection = {"partner_id": 1, moment: 1}
    customers = await client.collection("customers").find(where, projection, sort=order, limit=limit)
    return [DueCustomer(customer["partner_id"], customer["_id"], customer[moment]) for customer in customers]
