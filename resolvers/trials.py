"""The mutations of trials and orders, and the fields of their payloads."""

from functools import partial

from domain.entitlements.orders import CompleteOrderSetup
from domain.entitlements.trials import ChangeTrial, ConvertTrial, EndTrial, ExtendTrial, StartTrial
from resolvers.context import Context
from resolvers.mutations import MutationResult, ObjectResult, changed_id, run_mutation
from store.changes.mutations import ChangedObject, MutationRequest
from store.entitlements import order_changes, trial_changes, trial_conversions, trial_starts
from store.entitlements.documents import EntitlementDocument
from store.entitlements.trial_conversions import ConversionResult


async def start_trial(context: Context, request: MutationRequest[StartTrial]) -> ObjectResult:
    start = partial(trial_starts.start_trial, context.installation.max_customers)
    return await run_mutation(context, request, start, ChangedObject)


async def extend_trial(context: Context, request: MutationRequest[ExtendTrial]) -> ObjectResult:
    return await run_mutation(context, request, trial_changes.extend_trial, ChangedObject)


async def change_trial(context: Context, request: MutationRequest[ChangeTrial]) -> ObjectResult:
    return await run_mutation(context, request, trial_changes.change_trial, ChangedObject)


async def end_trial(context: Context, request: MutationRequest[EndTrial]) -> ObjectResult:
    return await run_mutation(context, request, trial_changes.end_trial, ChangedObject)


async def convert_trial(context: Context, request: MutationRequest[ConvertTrial]) -> MutationResult[ConversionResult]:
    return await run_mutation(context, request, trial_conversions.convert_trial, ConversionResult)


async def complete_order_setup(context: Context, request: MutationRequest[CompleteOrderSetup]) -> ObjectResult:
    return await run_mutation(context, request, order_changes.complete_order_setup, ChangedObject)


async def changed_entitlement(context: Context, payload: ObjectResult) -> EntitlementDocument | None:
    return await context.loaders.find_entitlement(changed_id(payload))


async def converted_trial(context: Context, payload: MutationResult[ConversionResult]) -> EntitlementDocument | None:
    return await context.loaders.find_entitlement(payload.result.trial if payload.result else None)


async def new_subscription(context: Context, payload: MutationResult[ConversionResult]) -> EntitlementDocument | None:
    return await context.loaders.find_entitlement(payload.result.subscription if payload.result else None)
