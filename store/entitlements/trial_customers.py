"""The customer of a trial that is started: an existing one or a new one."""

from domain.entitlements.trials import NewCustomer, StartTrial
from domain.inputs import value_or_none
from domain.messages import translatable
from domain.permissions import can_see_all_customers
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.customer_batch import CustomerBatch
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import is_removed
from store.changes.mutations import Mutation
from store.customers.customers import EXTERNAL_ID_INDEX
from store.database.client import Document
from store.entitlements.customer_inputs import (
    claim_external_id,
    read_country,
    read_domain,
    read_external_id,
    read_name,
)
from store.events.log import EventDraft

_PATH = ("customer", "new")


async def load_existing_customer(
    mutation: Mutation[StartTrial], customer_id: str
) -> tuple[CustomerBatch, CustomerChange | None]:
    """Return the visible customer with the id and its batch; add NOT_FOUND where there is none."""
    batch = await mutation.load_customers({"_id": customer_id})
    changes = [change for change in batch.changes if not is_removed(change.customer, batch.now)]
    if not changes:
        mutation.checks.add_not_found(translatable("customer"), "customer", "id")
    return batch, changes[0] if changes else None


async def validate_new_customer(mutation: Mutation[StartTrial], batch: CustomerBatch, new: NewCustomer) -> Document:
    """Return the facts of a new customer, cleaned; raise InputRejected where anything in the input is wrong."""
    facts: Document = {
        "name": read_name(mutation, new.name, *_PATH),
        "domain": read_domain(mutation, new.domain, *_PATH),
        "country": read_country(mutation, new.country, *_PATH),
        "managed_by": str(new.managed_by),
    }
    if value_or_none(new.external_id) is not None:
        external_id = read_external_id(mutation, new.external_id, *_PATH)
        if external_id is not None:
            facts |= await claim_external_id(mutation, batch, external_id, *_PATH)
    mutation.checks.raise_if_invalid()
    return facts


async def check_customer_limit(mutation: Mutation[StartTrial], most: int) -> None:
    """Add LIMIT_REACHED where the partner has `most` customers; creations at the same moment can exceed it slightly."""
    scope = mutation.scope
    if await scope.collection("customers").count(scope.match(), hint=EXTERNAL_ID_INDEX) >= most:
        message = translatable("An organization has at most {most} customers: ask the helpdesk for more.", most=most)
        mutation.checks.add(UserErrorCode.LIMIT_REACHED, message, *_PATH)


def create_customer(mutation: Mutation[StartTrial], batch: CustomerBatch, facts: Document) -> CustomerChange:
    """Return a new customer without delivered facts. An actor who sees only assigned customers is assigned to it."""
    change, actor, now = batch.add_customer(), mutation.actor, batch.now
    change.update_customer({"delivered": {}, "created_at": now, **facts})
    # The customer's own id stands in for an external id, which is unique too, until the ordering system delivers one.
    change.customer.setdefault("external_id", change.id)
    summary = f"{facts['name']} was added"
    if not can_see_all_customers(actor.role):
        manual = {"assigned_at": now, "assigned_by": actor.id, "expires_at": None}
        change.update_customer({"assignments": [{"administrator_id": actor.id, **manual, "imported": False}]})
        summary += f" and assigned to {actor.display_name}"
    change.add_event(EventDraft(ActivityKind.CUSTOMER_ADDED, change.id, summary))
    return change
