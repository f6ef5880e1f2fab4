"""The mutation that converts a trial into a subscription: trial, subscription and order change in one transaction."""

from msgspec import Struct

from domain.entitlements.lifecycle import RUNNING_STATES
from domain.entitlements.trials import (
    MAX_NUMBER_LENGTH,
    MAX_SUBSCRIPTION_LICENSES,
    MAX_TERM_MONTHS,
    ConvertTrial,
    build_conversion,
    build_early_end,
)
from domain.inputs import value_or_none
from domain.messages import translatable
from domain.permissions import can_see_all_customers
from domain.types import ActivityKind, OrderKind
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.changes.system_orders import system_order
from store.database.client import Document
from store.database.ids import new_id
from store.entitlements.documents import COLLECTION
from store.entitlements.entitlement_changes import EntitlementChange
from store.entitlements.orders import COLLECTION as ORDERS
from store.entitlements.trial_changes import load_trial
from store.entitlements.trial_licenses import check_single_lines, read_licenses
from store.events.log import EventDraft


class ConversionResult(Struct, frozen=True):
    """The ids of the ended trial and of its subscription."""

    trial: str
    subscription: str


async def convert_trial(mutation: Mutation[ConvertTrial]) -> ConversionResult:
    """End a running trial now and start a subscription in its place."""
    checks, input = mutation.checks, mutation.input
    number = checks.read_line(input.number, MAX_NUMBER_LENGTH, translatable("The subscription's number"), "number")
    licenses = value_or_none(input.licenses) or ()
    totals = read_licenses(checks, licenses, 1, MAX_SUBSCRIPTION_LICENSES)
    checks.read_number(input.months, 1, MAX_TERM_MONTHS, translatable("The number of months"), "months")
    message = translatable("Only a trial that is running can be converted.")
    trial = await load_trial(mutation, input.id, input.version, RUNNING_STATES, message)
    check_single_lines(checks, licenses, trial.document)
    if number is not None and not (checks.errors and not can_see_all_customers(mutation.actor.role)):
        await _check_number_available(mutation, number)
    number = checks.require(number)
    facts = build_conversion(trial.document, input.months, input.auto_renew, totals, trial.now)
    subscription = {"_id": new_id("sub"), "customer_id": trial.change.id, "number": number, **facts}
    trial.change.add_entitlement(subscription)
    order_number = await _next_order_number(mutation, number)
    trial.change.orders.append(system_order(subscription, order_number, OrderKind.NEW, trial.now))
    _end_trial(trial, subscription)
    await mutation.write(trial.batch)
    return ConversionResult(trial.document["_id"], subscription["_id"])


def _end_trial(trial: EntitlementChange, subscription: Document) -> None:
    """End the trial and add the conversion's only event, whose subject is the trial."""
    document, subscription_id = trial.document, subscription["_id"]
    differences = {"ends_at": [document["ends_at"], trial.now], "converted_to": [None, subscription_id]}
    facts = {**build_early_end(trial.now), "converted_to": subscription_id}
    trial.change.update_entitlement(document["number"], facts)
    summary = f"{trial.title} became subscription {subscription['number']}"
    trial.change.add_event(EventDraft(ActivityKind.TRIAL_CONVERTED, document["_id"], summary, differences))


async def _check_number_available(mutation: Mutation[ConvertTrial], number: str) -> None:
    """Add TAKEN where a subscription or a trial has the number; the customer need not be visible.

    The check comes last, and not at all where an administrator who sees only some customers has made another mistake.

    Of two concurrent transactions, the second one fails on the unique index, is repeated and finds the number here.
    """
    if await _number_exists(mutation, COLLECTION, number):
        message = translatable("There is a subscription or a trial with this number already.")
        mutation.checks.add(UserErrorCode.TAKEN, message, "number")


async def _next_order_number(mutation: Mutation[ConvertTrial], number: str) -> str:
    """Return the first free one of `<number>-N1`, `<number>-N2`, …"""
    counter = 1
    while await _number_exists(mutation, ORDERS, f"{number}-N{counter}"):
        counter += 1
    return f"{number}-N{counter}"


async def _number_exists(mutation: Mutation[ConvertTrial], collection: str, number: str) -> bool:
    where = {**mutation.scope.match(), "number": number}
    stored = await mutation.scope.collection(collection).find_one(where, {"_id": 1}, session=mutation.session)
    return stored is not None
