"""The visible customers of a dataset in parts: all their ids in one condition may exceed a command of MongoDB.

Removed customers of a partner only grow in number, and an administrator may be assigned to every customer.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from domain.batches import split_into_batches
from store.database.client import Document

# An aggregation has the ids up to three times: 4 MB of a command, of which MongoDB takes at most 16 MB.
IDS_PER_QUERY = 30_000


class CustomerPart(NamedTuple):
    """A condition on `customer_id`; the figures of its customers are added (sign 1) or subtracted (sign -1)."""

    sign: int
    condition: Document


def list_parts(ids: Sequence[str], sign: int) -> list[CustomerPart]:
    """Return these customers in parts; one part where there are none."""
    batches = list(split_into_batches(ids, IDS_PER_QUERY)) or [()]
    return [CustomerPart(sign, {"customer_id": {"$in": list(batch)}}) for batch in batches]


def list_parts_without(removed_ids: Sequence[str]) -> list[CustomerPart]:
    """Return all customers but these in parts."""
    if len(removed_ids) > IDS_PER_QUERY:
        return [CustomerPart(1, {}), *list_parts(removed_ids, -1)]
    return [CustomerPart(1, {"customer_id": {"$nin": list(removed_ids)}} if removed_ids else {})]


async def add_parts(
    parts: Sequence[CustomerPart], read: Callable[[Document], Awaitable[Sequence[Document]]]
) -> dict[Any, Document]:
    """Return the groups that `read` returns for the conditions by their `_id`, their numbers added up.

    Every field but `_id` is a sum over customers.
    """
    sums: dict[Any, Document] = {}
    for sign, condition in parts:
        for group in await read(condition):
            before = sums.get(group["_id"], {})
            numbers = {name: before.get(name, 0) + sign * number for name, number in group.items() if name != "_id"}
            sums[group["_id"]] = before | numbers
    return sums
