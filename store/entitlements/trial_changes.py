"""The mutations that extend a trial and that end it: each the body of one transaction."""

from collections.abc import Set as AbstractSet

from domain.entitlements.lifecycle import LIVING_STATES
from domain.entitlements.trials import MAX_EXTENDED_TRIAL_DAYS, build_early_end, build_extension, extended_length
from domain.time.instants import DAY
from domain.types import ActivityKind, EntitlementState, SubscriptionType
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.database.client import Document
from store.entitlements.held_entitlements import EntitlementChange, load_entitlement
from store.events.log import EventDraft


async def load_trial(mutation: Mutation, states: AbstractSet[EntitlementState], otherwise: str) -> EntitlementChange:
    """The trial that the input names; mistakes are added where it changed meanwhile, or is in no such state."""
    held = await load_entitlement(mutation, SubscriptionType.TRIAL, "id")
    mutation.checks.check_version(held.document["version"], "The trial")
    if held.state not in states:
        mutation.checks.add(UserErrorCode.WRONG_STATE, otherwise, "id")
    return held


async def extend_trial(mutation: Mutation) -> Document:
    """Adds days to the end of a trial; answers its id as `trial`."""
    days = int(mutation.input["days"])
    if days < 1:
        mutation.checks.add(UserErrorCode.INVALID, "A trial is extended by at least one day.", "days")
    held = await load_trial(mutation, LIVING_STATES, "This trial is over: start another one.")
    if days >= 1:
        _check_length(mutation, held, days)
    mutation.checks.raise_if_invalid()
    before = held.document["ends_at"]
    held.change.update_entitlement(
        held.document["number"], build_extension(held.document, days, held.now, mutation.actor.id)
    )
    end = held.document["ends_at"]
    more = f"{days} days" if days > 1 else "a day"
    summary = f"{held.title} was extended by {more}, until {end.date().isoformat()}"
    held.change.add_event(
        EventDraft(ActivityKind.TRIAL_EXTENDED, held.document["_id"], summary, {"ends_at": [before, end]})
    )
    await mutation.write(held.batch)
    return {"trial": held.document["_id"]}


def _check_length(mutation: Mutation, held: EntitlementChange, days: int) -> None:
    most = MAX_EXTENDED_TRIAL_DAYS * DAY
    # More than that no trial lasts, nor could every calendar hold it.
    if days <= MAX_EXTENDED_TRIAL_DAYS and extended_length(held.document, days) <= most:
        return
    left = max(0, (most - extended_length(held.document, 0)) // DAY)
    more = f"this one can be extended by {left} more" if left else "this one cannot be extended any more"
    message = f"With its extensions a trial lasts at most {MAX_EXTENDED_TRIAL_DAYS} days: {more}."
    mutation.checks.add(UserErrorCode.TRIAL_TOO_LONG, message, "days")


async def end_trial(mutation: Mutation) -> Document:
    """Ends a trial now; answers its id as `trial`."""
    held = await load_trial(mutation, LIVING_STATES, "This trial is over already.")
    mutation.checks.raise_if_invalid()
    changes = {"ends_at": [held.document["ends_at"], held.now]}
    held.change.update_entitlement(held.document["number"], build_early_end(held.now))
    held.change.add_event(
        EventDraft(ActivityKind.TRIAL_ENDED, held.document["_id"], f"{held.title} was ended", changes)
    )
    await mutation.write(held.batch)
    return {"trial": held.document["_id"]}
