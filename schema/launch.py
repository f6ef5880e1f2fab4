"""The mutation that launches a customer: its input, its payload and its field."""

from datetime import datetime

import strawberry

from resolvers import launch
from schema.enums import Permission
from schema.fields import mutation
from schema.mutation_inputs import IDEMPOTENCY_KEY_FIELD
from schema.user_errors import UserError


@strawberry.input
class LaunchCustomerInput:
    """A customer whose console is to be opened."""

    customer: strawberry.ID
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class LaunchCustomerPayload:
    """The address and how long it works, or what was wrong."""

    url: str | None = strawberry.field(
        description="A signed address that opens the customer's organization once, within five minutes."
    )
    expires_at: datetime | None
    user_errors: list[UserError]


@strawberry.type
class LaunchMutations:
    """The field of the root that launches customers."""

    launch_customer = mutation(
        launch.launch_customer, LaunchCustomerPayload, LaunchCustomerInput, requires=Permission.LAUNCH_CUSTOMER
    )
