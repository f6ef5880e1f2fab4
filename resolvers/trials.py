"""The mutations of trials and of orders; what they answer with is shown where its customer is in sight."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.user_errors import UserError
from resolvers.context import Context
from resolvers.mutations import run_mutation
from store.changes.mutations import MutationBody, MutationRequest
from store.entitlements import order_changes, trial_changes, trial_conversions, trial_starts
from store.entitlements.documents import EntitlementDocument


@dataclass(frozen=True, slots=True)
class TrialPayload:
    """The trial as it is now, or what was wrong."""

    trial: EntitlementDocument | None
    user_errors: Sequence[UserError]


@dataclass(frozen=True, slots=True)
class SubscriptionPayload:
    """The subscription as it is now, or what was wrong."""

    subscription: EntitlementDocument | None
    user_errors: Sequence[UserError]


@dataclass(frozen=True, slots=True)
class ConvertTrialPayload:
    """The trial that has ended and the subscription that it became, or what was wrong."""

    subscription: EntitlementDocument | None
    trial: EntitlementDocument | None
    user_errors: Sequence[UserError]


async def start_trial(context: Context, asked: MutationRequest) -> TrialPayload:
    return await _trial(context, asked, trial_starts.start_trial)


async def extend_trial(context: Context, asked: MutationRequest) -> TrialPayload:
    return await _trial(context, asked, trial_changes.extend_trial)


async def end_trial(context: Context, asked: MutationRequest) -> TrialPayload:
    return await _trial(context, asked, trial_changes.end_trial)


async def _trial(context: Context, asked: MutationRequest, body: MutationBody) -> TrialPayload:
    outcome = await run_mutation(context, asked, body)
    return TrialPayload(await context.loaders.find_entitlement(outcome["trial"]), outcome.user_errors)


async def convert_trial(context: Context, asked: MutationRequest) -> ConvertTrialPayload:
    outcome = await run_mutation(context, asked, trial_conversions.convert_trial)
    subscription = await context.loaders.find_entitlement(outcome["subscription"])
    return ConvertTrialPayload(
        subscription, await context.loaders.find_entitlement(outcome["trial"]), outcome.user_errors
    )


async def complete_order_setup(context: Context, asked: MutationRequest) -> SubscriptionPayload:
    outcome = await run_mutation(context, asked, order_changes.complete_order_setup)
    return SubscriptionPayload(await context.loaders.find_entitlement(outcome["subscription"]), outcome.user_errors)
