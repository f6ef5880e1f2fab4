"""The mutation that launches a customer: input, payload, field."""

from datetime import datetime

import strawberry

from domain.partner.launch import LaunchCustomer
from resolvers import launch
from schema.enums import Permission
from schema.fields import field, mutation
from schema.mutation_inputs import IDEMPOTENCY_KEY_FIELD
from schema.user_errors import user_errors_field


@strawberry.input
class LaunchCustomerInput:
    """The customer whose console is to be opened."""

    customer: strawberry.ID
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class LaunchCustomerPayload:
    """The address and the end of its validity, or the mistakes."""

    url = field(
        launch.url,
        str | None,
        "A signed address that opens the customer's organization once, within five minutes.",
    )
    expires_at = field(launch.expires_at, datetime | None)
    user_errors = user_errors_field()


@strawberry.type
class LaunchMutations:
    """The root field that launches customers."""

    launch_customer = mutation(
        launch.launch_customer,
        LaunchCustomerPayload,
        LaunchCustomerInput,
        LaunchCustomer,
        requires=Permission.LAUNCH_CUSTOMER,
    )
