"""The mutation that completes the setup of an order."""

from domain.entitlements.orders import CompleteOrderSetup
from domain.messages import translatable
from domain.types import ActivityKind, EntitlementState, SubscriptionType
from domain.user_errors import UserErrorCode
from store.changes.mutations import ChangedObject, Mutation
from store.entitlements.entitlement_changes import load_entitlement
from store.events.log import EventDraft


async def complete_order_setup(mutation: Mutation[CompleteOrderSetup]) -> ChangedObject:
    """Set up a subscription that is READY_FOR_SETUP."""
    subscription = await load_entitlement(
        mutation, SubscriptionType.SUBSCRIPTION, mutation.input.subscription, "subscription"
    )
    if subscription.state is not EntitlementState.READY_FOR_SETUP:
        is_set_up = subscription.document["set_up"]
        message = (
            translatable("This subscription is set up already.")
            if is_set_up
            else translatable("This subscription is over.")
        )
        mutation.checks.add(UserErrorCode.WRONG_STATE, message, "subscription")
    mutation.checks.raise_if_invalid()
    id_, change = subscription.document["_id"], subscription.change
    change.update_entitlement(subscription.document["number"], {"set_up": True})
    summary = f"{subscription.title} was set up"
    change.add_event(EventDraft(ActivityKind.ORDER_SET_UP, id_, summary, {"set_up": [False, True]}))
    await mutation.write(subscription.batch)
    return ChangedObject(id_)
