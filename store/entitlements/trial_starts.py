"""The mutation that starts a trial, for a customer who is there or a new one."""

import secrets
from collections.abc import Mapping
from typing import Any

from domain.customers.reasons import join_product_names
from domain.entitlements.lifecycle import entitlement_from_document, is_running, is_trial
from domain.entitlements.trials import MAX_TRIAL_DAYS, MAX_TRIAL_LICENSES, build_trial
from domain.types import ActivityKind, Product
from domain.user_errors import UserErrorCode
from store.changes.customer_batch import CustomerBatch
from store.changes.customer_change import CustomerChange
from store.changes.mutations import Mutation
from store.database.client import Document
from store.database.ids import new_id
from store.entitlements.trial_customers import create_customer, load_existing_customer, validate_new_customer
from store.events.log import EventDraft

# Without the letters and digits that people take for one another.
_NUMBER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBER_LENGTH = 8


async def start_trial(mutation: Mutation) -> Document:
    """A trial from now on; answers its id as `trial`."""
    chosen: Mapping[str, Any] = mutation.input["customer"]
    licenses, days = _validate_licenses(mutation), _validate_days(mutation)
    facts: Document = {}
    if "id" in chosen:
        batch, work = await load_existing_customer(mutation, chosen["id"])
        if work is not None:
            _check_no_running_trial(mutation, batch, work)
    else:
        # Nobody is loaded: the slice is where the new customer begins.
        batch, work = await mutation.load_customers({"_id": {"$in": []}}), None
        facts = await validate_new_customer(mutation, chosen["new"])
    mutation.checks.raise_if_invalid()
    if work is None:
        work = create_customer(mutation, batch, facts)
    trial = {
        "_id": new_id("tri"),
        "customer_id": work.id,
        "number": _generate_number(),
        **build_trial(licenses, days, batch.now, mutation.actor.id),
    }
    work.add_entitlement(trial)
    work.add_event(_start_event(work, trial))
    await mutation.write(batch)
    return {"trial": trial["_id"]}


def _generate_number() -> str:
    """One that can be read aloud; a number that was drawn before meets the unique index, and another is drawn."""
    return "TRIAL-" + "".join(secrets.choice(_NUMBER_ALPHABET) for _ in range(_NUMBER_LENGTH))


def _validate_licenses(mutation: Mutation) -> dict[str, int]:
    checks, given = mutation.checks, mutation.input["licenses"]
    if not given:
        checks.add(UserErrorCode.INVALID, "Choose at least one product.", "licenses")
    found: dict[str, int] = {}
    for place, line in enumerate(given):
        product = str(line["product"])
        checks.read_number(
            line["licenses"], 1, MAX_TRIAL_LICENSES, "The number of licenses", "licenses", place, "licenses"
        )
        if product in found:
            message = "Each product may be given once; this one came before."
            checks.add(UserErrorCode.INVALID, message, "licenses", place, "product")
        found.setdefault(product, line["licenses"])
    return found


def _validate_days(mutation: Mutation) -> int:
    given = mutation.input.get("days")
    days = int(mutation.partner.settings["trial_days"] if given is None else given)
    if days < 1:
        mutation.checks.add(UserErrorCode.INVALID, "A trial lasts at least one day.", "days")
    elif days > MAX_TRIAL_DAYS:
        message = f"A trial lasts at most {MAX_TRIAL_DAYS} days; it can be extended later."
        mutation.checks.add(UserErrorCode.TRIAL_TOO_LONG, message, "days")
    return days


def _check_no_running_trial(mutation: Mutation, batch: CustomerBatch, work: CustomerChange) -> None:
    """Two that start at once meet on the customer: the second transaction runs again, and finds the first one here."""
    facts = [entitlement_from_document(document) for document in work.entitlements.values()]
    running = [one for one in facts if is_trial(one) and is_running(one, batch.now)]
    numbers = {line.product: one.number for one in running for line in one.licenses}
    for place, line in enumerate(mutation.input["licenses"]):
        number = numbers.get(Product(line["product"]))
        if number is not None:
            message = (
                f"{join_product_names([line['product']])} is on trial already: extend trial {number}, or end it first."
            )
            mutation.checks.add(UserErrorCode.TRIAL_RUNNING, message, "licenses", place, "product")


def _start_event(work: CustomerChange, trial: Document) -> EventDraft:
    products = join_product_names([line["product"] for line in trial["licenses"]])
    until = trial["ends_at"].date().isoformat()
    summary = f"Trial {trial['number']} of {products} began for {work.customer['name']}, until {until}"
    return EventDraft(ActivityKind.TRIAL_STARTED, trial["_id"], summary)
