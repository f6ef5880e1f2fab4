"""Which customers are due: the only reads that go over all partners, for jobs alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from store.client import Client, Document, IndexModel

Moment = Literal["next_evaluation_at", "next_renewal_at", "next_unassignment_at"]
MOMENTS: Sequence[Moment] = ("next_evaluation_at", "next_renewal_at", "next_unassignment_at")
DUE_INDEXES = tuple(
    IndexModel(
        [(moment, 1), ("urgency_or_none", 1)],
        name=f"due_{moment}",
        partialFilterExpression={moment: {"$type": "date"}},
    )
    for moment in MOMENTS
)


class Due(NamedTuple):
    """A customer whose moment has come."""

    partner_id: str
    customer_id: str
    moment: datetime


async def due_customers(client: Client, moment: Moment, now: datetime, limit: int) -> list[Due]:
    """Those that are due by now: the longest overdue first and, at one moment, the most urgent first."""
    where: Document = {moment: {"$lte": now, "$type": "date"}}
    order = [(moment, 1), ("urgency_or_none", 1)]
    found = await client.collection("customers").find(where, {"partner_id": 1, moment: 1}, sort=order, limit=limit)
    return [Due(customer["partner_id"], customer["_id"], customer[moment]) for customer in found]
