"""Moves what belongs to a subscription or trial to another customer: orders, invoices, snapshots, weekly sums."""

from collections.abc import Mapping, Sequence

from store.database.client import Session, UpdateMany
from store.database.scope import Scope
from store.licenses.snapshots import COLLECTION as SNAPSHOTS
from store.licenses.weeks import repair_weeks

_COLLECTIONS = ("orders", "invoices", SNAPSHOTS)


async def write_moved_entitlements(
    scope: Scope, session: Session, customers: Mapping[str, str], left_ids: Sequence[str]
) -> None:
    """Write the new customer by entitlement id; `left_ids` are the customers that the entitlements belonged to."""
    if not customers:
        return
    for name in _COLLECTIONS:
        writes = [
            UpdateMany({**scope.match(), "entitlement_id": entitlement_id}, {"$set": {"customer_id": customer_id}})
            for entitlement_id, customer_id in sorted(customers.items())
        ]
        await scope.collection(name).bulk_write(writes, session=session)
    await repair_weeks(scope, session, sorted({*customers.values(), *left_ids}))
