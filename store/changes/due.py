"""Which customers are due: the only reads that go over all partners, for jobs alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from store.database.client import Client, Document, IndexModel

DueField = Literal["next_evaluation_at", "next_renewal_at", "next_unassignment_at"]
DUE_FIELDS: Sequence[DueField] = ("next_evaluation_at", "next_renewal_at", "next_unassignment_at")
# A customer's `due_at` is the soonest of its moments: one index for all of them, since each index costs every write.
DUE_INDEXES = (
    IndexModel(
        # The moments stand behind, so that a job that waits for one of them reads no customer that waits for another.
        [("due_at", 1), ("urgency_sort", 1), *((moment, 1) for moment in DUE_FIELDS)],
        name="due_moments",
        partialFilterExpression={"due_at": {"$type": "date"}},
    ),
)


class DueCustomer(NamedTuple):
    """A customer whose moment has come."""

    partner_id: str
    customer_id: str
    moment: datetime


async def find_due_customers(client: Client, moment: DueField, now: datetime, limit: int) -> list[DueCustomer]:
    """Those that are due by now: the longest overdue first and, at one moment, the most urgent first."""
    where: Document = {"due_at": {"$lte": now, "$type": "date"}, moment: {"$lte": now}}
    order = [("due_at", 1), ("urgency_sort", 1)]
    found = await client.collection("customers").find(where, {"partner_id": 1, moment: 1}, sort=order, limit=limit)
    return [DueCustomer(customer["partner_id"], customer["_id"], customer[moment]) for customer in found]
