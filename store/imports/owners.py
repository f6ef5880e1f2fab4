"""The customers of subscriptions and trials, by number."""

from collections.abc import Iterable

from store.changes.customer_batch import CustomerBatch, load_more_customers
from store.changes.customer_change import CustomerChange
from store.database.client import Session
from store.database.scope import Scope


async def read_customer_ids_by_number(scope: Scope, numbers: Iterable[str], session: Session = None) -> dict[str, str]:
    """Return the customer id by number, for the numbers of stored subscriptions and trials."""
    where = {**scope.match(), "number": {"$in": sorted(numbers)}}
    fields = {"_id": 0, "number": 1, "customer_id": 1}
    entitlements = await scope.collection("entitlements").find(where, fields, session=session)
    return {entitlement["number"]: entitlement["customer_id"] for entitlement in entitlements}


async def load_owners(batch: CustomerBatch, numbers: Iterable[str]) -> dict[str, CustomerChange]:
    """Return the customers of all entitlements by number; load those of `numbers` that the batch does not have yet.

    What was read before the transaction can be out of date: an entitlement can have moved to another customer.
    """
    owners = _index_by_number(batch.changes)
    unknown = set(numbers) - owners.keys()
    if unknown:
        customer_ids = await read_customer_ids_by_number(batch.scope, unknown, batch.session)
        owners |= _index_by_number(await load_more_customers(batch, customer_ids.values()))
    return owners


def _index_by_number(changes: Iterable[CustomerChange]) -> dict[str, CustomerChange]:
    return {number: change for change in changes for number in change.entitlements}
