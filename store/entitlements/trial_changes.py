"""The mutations that change, extend and end a trial; each function is the body of one transaction."""

from collections.abc import Set as AbstractSet
from typing import Any

from domain.customers.reasons import license_label
from domain.entitlements.lifecycle import LIVING_STATES, RUNNING_STATES
from domain.entitlements.trials import (
    MAX_EXTENDED_TRIAL_DAYS,
    MAX_TRIAL_LICENSES,
    ChangeTrial,
    EndTrial,
    ExtendTrial,
    build_early_end,
    build_extension,
    change_totals,
    extended_length,
)
from domain.messages import Message, translatable, translatable_plural
from domain.text.sentences import join_names
from domain.time.instants import DAY
from domain.types import ActivityKind, EntitlementState, SubscriptionType
from domain.user_errors import UserErrorCode
from store.changes.mutations import ChangedObject, Mutation
from store.database.client import Document
from store.entitlements.entitlement_changes import EntitlementChange, load_entitlement
from store.entitlements.trial_licenses import check_no_running_trial, check_single_lines, read_licenses
from store.events.log import EventDraft


async def load_trial(
    mutation: Mutation[Any], id_: str, version: int, states: AbstractSet[EntitlementState], message: Message
) -> EntitlementChange:
    """Return the trial; add a mistake where its version differs, or `message` where it is in none of the states."""
    trial = await load_entitlement(mutation, SubscriptionType.TRIAL, id_, "id")
    mutation.checks.check_version(version, trial.document["version"], translatable("The trial"))
    if trial.state not in states:
        mutation.checks.add(UserErrorCode.WRONG_STATE, message, "id")
    return trial


async def change_trial(mutation: Mutation[ChangeTrial]) -> ChangedObject:
    """Change the licences and products of a running trial."""
    input, checks = mutation.input, mutation.checks
    if not input.licenses:
        checks.add(UserErrorCode.INVALID, translatable("Choose at least one product."), "licenses")
    totals = read_licenses(checks, input.licenses, 0, MAX_TRIAL_LICENSES)
    message = translatable("Only a trial that is running can be changed.")
    trial = await load_trial(mutation, input.id, input.version, RUNNING_STATES, message)
    before = trial.document["licenses"]
    after = change_totals(before, totals)
    _check_new_products(mutation, trial)
    if not after:
        checks.add(UserErrorCode.INVALID, translatable("A trial has at least one product: end it instead."), "licenses")
    checks.raise_if_invalid()
    id_, change = trial.document["_id"], trial.change
    if after != before:
        change.update_entitlement(trial.document["number"], {"licenses": after})
        counts = join_names(f"{line['total']} of {license_label(line['product'], line.get('name'))}" for line in after)
        differences = {"licenses": [[_ordered(line) for line in lines] for lines in (before, after)]}
        summary = f"{trial.title} was changed: licenses are now {counts}"
        change.add_event(EventDraft(ActivityKind.TRIAL_CHANGED, id_, summary, differences))
        await mutation.write(trial.batch)
    return ChangedObject(id_)


def _ordered(line: Document) -> Document:
    """Return what the change of a trial can change of a line."""
    return {name: line[name] for name in ("product", "name", "total") if name in line}


def _check_new_products(mutation: Mutation[ChangeTrial], trial: EntitlementChange) -> None:
    """Add a mistake for each product that another running trial has, or of which this trial has several lines."""
    lines, number = mutation.input.licenses, trial.document["number"]
    check_single_lines(mutation.checks, lines, trial.document)
    present = {line["product"] for line in trial.document["licenses"]}
    for position, line in enumerate(lines):
        if line.licenses > 0 and str(line.product) not in present:
            check_no_running_trial(mutation.checks, [line], trial.change, trial.now, own=number, start=position)


async def extend_trial(mutation: Mutation[ExtendTrial]) -> ChangedObject:
    """Add days to the end of a trial."""
    input, days = mutation.input, mutation.input.days
    if days < 1:
        mutation.checks.add(UserErrorCode.INVALID, translatable("A trial is extended by at least one day."), "days")
    message = translatable("This trial is over: start another one.")
    trial = await load_trial(mutation, input.id, input.version, LIVING_STATES, message)
    if days >= 1:
        _check_length(mutation, trial, days)
    mutation.checks.raise_if_invalid()
    id_, change = trial.document["_id"], trial.change
    former_end = trial.document["ends_at"]
    extension = build_extension(trial.document, days, trial.now, mutation.actor.id)
    change.update_entitlement(trial.document["number"], extension)
    end = trial.document["ends_at"]
    extent = f"{days} days" if days > 1 else "a day"
    summary = f"{trial.title} was extended by {extent}, until {end.date().isoformat()}"
    change.add_event(EventDraft(ActivityKind.TRIAL_EXTENDED, id_, summary, {"ends_at": [former_end, end]}))
    await mutation.write(trial.batch)
    return ChangedObject(id_)


def _check_length(mutation: Mutation[ExtendTrial], trial: EntitlementChange, days: int) -> None:
    longest = MAX_EXTENDED_TRIAL_DAYS * DAY
    # The first comparison also keeps the sum within the range of datetime.
    if days <= MAX_EXTENDED_TRIAL_DAYS and extended_length(trial.document, days) <= longest:
        return
    remaining = max(0, (longest - extended_length(trial.document, 0)) // DAY)
    mutation.checks.add(UserErrorCode.TRIAL_TOO_LONG, _too_long(remaining), "days")


def _too_long(remaining: int) -> Message:
    """Return the sentence for a trial that can be extended by `remaining` more days."""
    if not remaining:
        return translatable(
            "With its extensions a trial lasts at most {most} days: this one cannot be extended any more.",
            most=MAX_EXTENDED_TRIAL_DAYS,
        )
    return translatable_plural(
        "With its extensions a trial lasts at most {most} days: this one can be extended by {count} more day.",
        "With its extensions a trial lasts at most {most} days: this one can be extended by {count} more days.",
        remaining,
        most=MAX_EXTENDED_TRIAL_DAYS,
    )


async def end_trial(mutation: Mutation[EndTrial]) -> ChangedObject:
    """End a trial now."""
    input = mutation.input
    message = translatable("This trial is over already.")
    trial = await load_trial(mutation, input.id, input.version, LIVING_STATES, message)
    mutation.checks.raise_if_invalid()
    id_, change = trial.document["_id"], trial.change
    ends = {"ends_at": [trial.document["ends_at"], trial.now]}
    change.update_entitlement(trial.document["number"], build_early_end(trial.now))
    change.add_event(EventDraft(ActivityKind.TRIAL_ENDED, id_, f"{trial.title} was ended", ends))
    await mutation.write(trial.batch)
    return ChangedObject(id_)
