"""The mutation that changes a customer that was created here and has not been delivered."""

from domain.customers.own_customers import UpdateCustomer, has_external_id, is_delivered
from domain.inputs import ABSENT, value_or_none
from domain.messages import translatable
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.customer_batch import CustomerBatch
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import is_removed
from store.changes.mutations import ChangedObject, Mutation
from store.database.client import Document
from store.entitlements.customer_inputs import (
    claim_external_id,
    read_country,
    read_domain,
    read_external_id,
    read_name,
)
from store.events.log import EventDraft

_SHOWN_FIELDS = ("name", "domain", "country", "external_id")


async def update_customer(mutation: Mutation[UpdateCustomer]) -> ChangedObject:
    """Change the name, domain and country of a customer, and give it the external id that it does not have yet."""
    input, checks = mutation.input, mutation.checks
    batch, change = await _load_customer(mutation)
    checks.check_version(input.version, change.customer["version"], translatable("The customer"))
    if is_delivered(change.customer):
        message = translatable("The ordering system has delivered this customer: change it there.")
        checks.add(UserErrorCode.WRONG_STATE, message, "id")
    values = _read_values(mutation)
    values |= await _read_external_id(mutation, batch, change)
    checks.raise_if_invalid()
    changes = {name: [change.customer[name], values[name]] for name in _SHOWN_FIELDS if name in values}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if changes:
        summary = f"{change.customer['name']} changed: {', '.join(name.replace('_', ' ') for name in changes)}"
        change.update_customer(values)
        change.add_event(EventDraft(ActivityKind.CUSTOMER_CHANGED, change.id, summary, changes))
        await mutation.write(batch)
    return ChangedObject(change.id)


async def _load_customer(mutation: Mutation[UpdateCustomer]) -> tuple[CustomerBatch, CustomerChange]:
    batch = await mutation.load_customers({"_id": mutation.input.id})
    for change in batch.changes:
        if not is_removed(change.customer, batch.now):
            return batch, change
    mutation.checks.add_not_found(translatable("customer"), "id")
    raise mutation.checks.build_rejection()


def _read_values(mutation: Mutation[UpdateCustomer]) -> Document:
    input, values = mutation.input, Document()
    if input.name is not ABSENT:
        values["name"] = read_name(mutation, input.name)
    if input.domain is not ABSENT:
        values["domain"] = read_domain(mutation, input.domain)
    if input.country is not ABSENT:
        values["country"] = read_country(mutation, input.country)
    return values


async def _read_external_id(
    mutation: Mutation[UpdateCustomer], batch: CustomerBatch, change: CustomerChange
) -> Document:
    """Return the fields of a new external id; the check whether it is taken is the last one of the mutation."""
    external_id, customer = mutation.input.external_id, change.customer
    if external_id is ABSENT or (value_or_none(external_id) is None and not has_external_id(customer)):
        return {}
    external_id = read_external_id(mutation, external_id)
    if external_id is None or external_id == customer["external_id"]:
        return {}
    if has_external_id(customer):
        message = translatable("This customer has an external id already, which cannot be changed.")
        mutation.checks.add(UserErrorCode.WRONG_STATE, message, "external_id")
        return {}
    return await claim_external_id(mutation, batch, external_id, own_id=change.id)
