"""The mutation that makes a trial a subscription: both, and the order, change in one transaction."""

from domain.entitlements.lifecycle import RUNNING_STATES
from domain.entitlements.trials import MAX_NUMBER_LENGTH, MAX_TERM_MONTHS, build_conversion, build_early_end
from domain.types import ActivityKind, OrderKind
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.changes.own_orders import system_order
from store.database.client import Document
from store.database.ids import new_id
from store.entitlements.documents import COLLECTION
from store.entitlements.held_entitlements import EntitlementChange
from store.entitlements.orders import COLLECTION as ORDERS
from store.entitlements.trial_changes import load_trial
from store.events.log import EventDraft


async def convert_trial(mutation: Mutation) -> Document:
    """Ends a running trial now and starts a subscription; answers their ids as `trial` and `subscription`."""
    checks, months = mutation.checks, mutation.input["months"]
    number = checks.read_line("number", MAX_NUMBER_LENGTH, "The subscription's number")
    if number is not None:
        await _check_number_available(mutation, number)
    checks.read_number(months, 1, MAX_TERM_MONTHS, "The number of months", "months")
    held = await load_trial(mutation, RUNNING_STATES, "Only a trial that is running can be converted.")
    checks.raise_if_invalid()
    facts = build_conversion(held.document, months, mutation.input["auto_renew"], held.now)
    identity = {"_id": new_id("sub"), "customer_id": held.change.id, "number": str(number)}
    subscription = {**identity, **facts}
    held.change.add_entitlement(subscription)
    held.change.orders.append(
        system_order(subscription, await _next_order_number(mutation, str(number)), OrderKind.NEW, held.now)
    )
    _end_trial(held, subscription)
    await mutation.write(held.batch)
    return {"trial": held.document["_id"], "subscription": subscription["_id"]}


def _end_trial(held: EntitlementChange, subscription: Document) -> None:
    """One event tells of all of it; the trial is its subject, and names the subscription."""
    trial, id_ = held.document, subscription["_id"]
    changes = {"ends_at": [trial["ends_at"], held.now], "converted_to": [None, id_]}
    held.change.update_entitlement(trial["number"], {**build_early_end(held.now), "converted_to": id_})
    summary = f"{held.title} became subscription {subscription['number']}"
    held.change.add_event(EventDraft(ActivityKind.TRIAL_CONVERTED, trial["_id"], summary, changes))


async def _check_number_available(mutation: Mutation, number: str) -> None:
    """Two that take a number at once meet in the unique index: the second transaction runs again, and finds it here."""
    if await _number_exists(mutation, COLLECTION, number):
        message = "There is a subscription or a trial with this number already."
        mutation.checks.add(UserErrorCode.TAKEN, message, "number")


async def _next_order_number(mutation: Mutation, number: str) -> str:
    """The first of `<subscription>-N1`, `-N2`, … that no order has."""
    place = 1
    while await _number_exists(mutation, ORDERS, f"{number}-N{place}"):
        place += 1
    return f"{number}-N{place}"


async def _number_exists(mutation: Mutation, collection: str, number: str) -> bool:
    where = {**mutation.scope.match(), "number": number}
    found = await mutation.scope.collection(collection).find_one(where, {"_id": 1}, session=mutation.session)
    return found is not None
