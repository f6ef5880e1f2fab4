"""The mutation that starts a trial, for an existing customer or a new one."""

import secrets

from domain.customers.reasons import join_product_names
from domain.entitlements.trials import MAX_TRIAL_DAYS, MAX_TRIAL_LICENSES, NewCustomer, StartTrial, build_trial
from domain.inputs import value_or_none
from domain.messages import translatable
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.customer_batch import CustomerBatch
from store.changes.customer_change import CustomerChange
from store.changes.mutations import ChangedObject, Mutation
from store.database.client import Document
from store.database.ids import new_id
from store.entitlements.trial_customers import (
    check_customer_limit,
    create_customer,
    load_existing_customer,
    validate_new_customer,
)
from store.entitlements.trial_licenses import check_no_running_trial, read_licenses
from store.events.log import EventDraft

# Without letters and digits that look alike.
_NUMBER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBER_LENGTH = 8


async def start_trial(max_customers: int, mutation: Mutation[StartTrial]) -> ChangedObject:
    """Start a trial now; a new customer must not exceed `max_customers` of the partner."""
    licenses, days = _validate_licenses(mutation), _validate_days(mutation)
    batch, change = await _load_or_create_customer(mutation, max_customers)
    trial = {
        "_id": new_id("tri"),
        "customer_id": change.id,
        "number": _generate_number(),
        **build_trial(licenses, days, batch.now, mutation.actor.id),
    }
    change.add_entitlement(trial)
    change.add_event(_draft_start_event(change, trial))
    await mutation.write(batch)
    return ChangedObject(str(trial["_id"]))


async def _load_or_create_customer(
    mutation: Mutation[StartTrial], max_customers: int
) -> tuple[CustomerBatch, CustomerChange]:
    """Return the trial's customer; raise InputRejected where anything in the input is wrong."""
    new_customer = mutation.input.customer.new
    if isinstance(new_customer, NewCustomer):
        # The batch starts empty, and the new customer is added to it.
        batch = await mutation.load_customers({"_id": {"$in": []}})
        await check_customer_limit(mutation, max_customers)
        facts = await validate_new_customer(mutation, batch, new_customer)
        return batch, create_customer(mutation, batch, facts)
    batch, change = await load_existing_customer(mutation, value_or_none(mutation.input.customer.id) or "")
    if change is not None:
        check_no_running_trial(mutation.checks, mutation.input.licenses, change, batch.now)
    return batch, mutation.checks.require(change)


def _generate_number() -> str:
    """Return a random number that is easy to read aloud.

    A number that exists fails on the unique index; the transaction is repeated with another one.
    """
    return "TRIAL-" + "".join(secrets.choice(_NUMBER_ALPHABET) for _ in range(_NUMBER_LENGTH))


def _validate_licenses(mutation: Mutation[StartTrial]) -> dict[str, int]:
    checks, lines = mutation.checks, mutation.input.licenses
    if not lines:
        checks.add(UserErrorCode.INVALID, translatable("Choose at least one product."), "licenses")
    return read_licenses(checks, lines, 1, MAX_TRIAL_LICENSES)


def _validate_days(mutation: Mutation[StartTrial]) -> int:
    requested = value_or_none(mutation.input.days)
    days = mutation.partner.settings["trial_days"] if requested is None else requested
    if days < 1:
        mutation.checks.add(UserErrorCode.INVALID, translatable("A trial lasts at least one day."), "days")
    elif days > MAX_TRIAL_DAYS:
        message = translatable("A trial lasts at most {most} days; it can be extended later.", most=MAX_TRIAL_DAYS)
        mutation.checks.add(UserErrorCode.TRIAL_TOO_LONG, message, "days")
    return days


def _draft_start_event(change: CustomerChange, trial: Document) -> EventDraft:
    products = join_product_names([line["product"] for line in trial["licenses"]])
    until = trial["ends_at"].date().isoformat()
    summary = f"Trial {trial['number']} of {products} began for {change.customer['name']}, until {until}"
    return EventDraft(ActivityKind.TRIAL_STARTED, trial["_id"], summary)
