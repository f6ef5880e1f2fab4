"""The mutation that completes the setup of an order: input, payload, field."""

import strawberry

from domain.entitlements.orders import CompleteOrderSetup
from resolvers import trials
from schema.entitlements import CustomerSubscription
from schema.enums import Permission
from schema.fields import field, mutation
from schema.mutation_parts import IDEMPOTENCY_KEY_FIELD, user_errors_field


@strawberry.input
class CompleteOrderSetupInput:
    """The subscription whose setup is completed."""

    subscription: strawberry.ID = strawberry.field(
        description="The id of a subscription in the state READY_FOR_SETUP; any other state is WRONG_STATE."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class CompleteOrderSetupPayload:
    """The subscription after the change, or the mistakes."""

    subscription = field(
        trials.changed_entitlement,
        CustomerSubscription | None,
        "The subscription after the change; null where nothing was changed.",
    )
    user_errors = user_errors_field()


@strawberry.type
class OrderMutations:
    """The root field that sets up orders."""

    complete_order_setup = mutation(
        trials.complete_order_setup,
        CompleteOrderSetupPayload,
        CompleteOrderSetupInput,
        CompleteOrderSetup,
        "Marks an ordered subscription as set up.",
        requires=Permission.SET_UP_ORDERS,
    )
