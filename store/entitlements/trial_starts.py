"""The mutation that starts a trial, for a customer who is there or a new one."""

import secrets
from collections.abc import Mapping
from typing import Any

from domain.customers.reasons import product_list
from domain.entitlements.lifecycle import entitlement_facts, is_running, is_trial
from domain.entitlements.trials import MOST_DAYS, MOST_LICENSES, new_trial
from domain.types import ActivityKind, Product
from domain.user_errors import UserErrorCode
from store.changes.customer_batch import CustomerSlice
from store.changes.customer_change import CustomerWork
from store.changes.mutations import Mutation
from store.database.client import Document
from store.database.ids import new_id
from store.entitlements.trial_customers import begin_customer, checked_customer, existing_customer
from store.events.log import Note

# Without the letters and digits that people take for one another.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 8


async def start_trial(mutation: Mutation) -> Document:
    """A trial from now on; answers its id as `trial`."""
    chosen: Mapping[str, Any] = mutation.input["customer"]
    licenses, days = _licenses(mutation), _days(mutation)
    facts: Document = {}
    if "id" in chosen:
        changing, work = await existing_customer(mutation, chosen["id"])
        if work is not None:
            _check_none_runs(mutation, changing, work)
    else:
        # Nobody is loaded: the slice is where the new customer begins.
        changing, work = await mutation.customers({"_id": {"$in": []}}), None
        facts = await checked_customer(mutation, chosen["new"])
    mutation.checks.raise_any()
    if work is None:
        work = begin_customer(mutation, changing, facts)
    trial = {
        "_id": new_id("tri"),
        "customer_id": work.id,
        "number": _new_number(),
        **new_trial(licenses, days, changing.now, mutation.actor.id),
    }
    work.add_entitlement(trial)
    work.note(_note(work, trial))
    await mutation.write(changing)
    return {"trial": trial["_id"]}


def _new_number() -> str:
    """One that can be read aloud; a number that was drawn before meets the unique index, and another is drawn."""
    return "TRIAL-" + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def _licenses(mutation: Mutation) -> dict[str, int]:
    checks, given = mutation.checks, mutation.input["licenses"]
    if not given:
        checks.add(UserErrorCode.INVALID, "Choose at least one product.", "licenses")
    found: dict[str, int] = {}
    for place, line in enumerate(given):
        product = str(line["product"])
        checks.number(line["licenses"], 1, MOST_LICENSES, "The number of licenses", "licenses", place, "licenses")
        if product in found:
            message = "Each product may be given once; this one came before."
            checks.add(UserErrorCode.INVALID, message, "licenses", place, "product")
        found.setdefault(product, line["licenses"])
    return found


def _days(mutation: Mutation) -> int:
    given = mutation.input.get("days")
    days = int(mutation.partner.settings["trial_days"] if given is None else given)
    if days < 1:
        mutation.checks.add(UserErrorCode.INVALID, "A trial lasts at least one day.", "days")
    elif days > MOST_DAYS:
        message = f"A trial lasts at most {MOST_DAYS} days; it can be extended later."
        mutation.checks.add(UserErrorCode.TRIAL_TOO_LONG, message, "days")
    return days


def _check_none_runs(mutation: Mutation, changing: CustomerSlice, work: CustomerWork) -> None:
    """Two that start at once meet on the customer: the second transaction runs again, and finds the first one here."""
    facts = [entitlement_facts(document) for document in work.entitlements.values()]
    running = [one for one in facts if is_trial(one) and is_running(one, changing.now)]
    numbers = {line.product: one.number for one in running for line in one.licenses}
    for place, line in enumerate(mutation.input["licenses"]):
        number = numbers.get(Product(line["product"]))
        if number is not None:
            message = f"{product_list([line['product']])} is on trial already: extend trial {number}, or end it first."
            mutation.checks.add(UserErrorCode.TRIAL_RUNNING, message, "licenses", place, "product")


def _note(work: CustomerWork, trial: Document) -> Note:
    products = product_list([line["product"] for line in trial["licenses"]])
    until = trial["ends_at"].date().isoformat()
    summary = f"Trial {trial['number']} of {products} began for {work.customer['name']}, until {until}"
    return Note(ActivityKind.TRIAL_STARTED, trial["_id"], summary)
