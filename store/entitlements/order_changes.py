"""The mutation that completes the setup of an order."""

from domain.types import ActivityKind, EntitlementState, SubscriptionType
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.database.client import Document
from store.entitlements.held_entitlements import load_entitlement
from store.events.log import EventDraft


async def complete_order_setup(mutation: Mutation) -> Document:
    """A subscription that was ready for setup is set up; answers its id as `subscription`."""
    held = await load_entitlement(mutation, SubscriptionType.SUBSCRIPTION, "subscription")
    if held.state is not EntitlementState.READY_FOR_SETUP:
        is_set_up = held.document["set_up"]
        message = "This subscription is set up already." if is_set_up else "This subscription is over."
        mutation.checks.add(UserErrorCode.WRONG_STATE, message, "subscription")
    mutation.checks.raise_if_invalid()
    id_ = held.document["_id"]
    held.change.update_entitlement(held.document["number"], {"set_up": True})
    held.change.add_event(
        EventDraft(ActivityKind.ORDER_SET_UP, id_, f"{held.title} was set up", {"set_up": [False, True]})
    )
    await mutation.write(held.batch)
    return {"subscription": id_}
