"""The mutations of trials: their inputs, their payloads and their fields."""

import strawberry

from resolvers import trials
from schema.entitlements import CustomerSubscription, Trial
from schema.enums import ManagedBy, Permission, Product
from schema.fields import mutation
from schema.mutation_inputs import IDEMPOTENCY_KEY_FIELD
from schema.user_errors import UserError


@strawberry.input
class TrialLicensesInput:
    """How many licenses of one product are tried."""

    product: Product
    licenses: int


@strawberry.input
class NewCustomerInput:
    """A customer that nobody has delivered yet."""

    name: str
    external_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The ordering system's id, where it is known: later deliveries with it meet this customer. "
            "Made here otherwise."
        ),
    )
    managed_by: ManagedBy = ManagedBy.PARTNER_ORGANIZATION
    domain: str | None = strawberry.UNSET
    country: str | None = strawberry.UNSET


@strawberry.input(one_of=True)
class TrialCustomerInput:
    """Who tries: one who is there, or a new one."""

    id: strawberry.ID | None = strawberry.UNSET
    new: NewCustomerInput | None = strawberry.UNSET


@strawberry.input
class StartTrialInput:
    """A trial from now on."""

    customer: TrialCustomerInput
    licenses: list[TrialLicensesInput]
    days: int | None = strawberry.field(default=strawberry.UNSET, description="Without it, the partner's own setting.")
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class ExtendTrialInput:
    """Days to be added to a trial's end."""

    id: strawberry.ID
    version: int
    days: int
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class EndTrialInput:
    """A trial to be ended now."""

    id: strawberry.ID
    version: int
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class ConvertTrialInput:
    """The subscription that a running trial becomes."""

    id: strawberry.ID
    version: int
    number: str
    months: int = 12
    auto_renew: bool = True
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class TrialPayload:
    """The trial as it is now, or what was wrong."""

    trial: Trial | None
    user_errors: list[UserError]


@strawberry.type
class ConvertTrialPayload:
    """The trial that has ended and the subscription that it became, or what was wrong."""

    subscription: CustomerSubscription | None
    trial: Trial | None
    user_errors: list[UserError]


@strawberry.type
class TrialMutations:
    """The fields of the root that change trials."""

    start_trial = mutation(trials.start_trial, TrialPayload, StartTrialInput, requires=Permission.MANAGE_TRIALS)
    extend_trial = mutation(trials.extend_trial, TrialPayload, ExtendTrialInput, requires=Permission.MANAGE_TRIALS)
    end_trial = mutation(trials.end_trial, TrialPayload, EndTrialInput, requires=Permission.MANAGE_TRIALS)
    convert_trial = mutation(
        trials.convert_trial, ConvertTrialPayload, ConvertTrialInput, requires=Permission.MANAGE_TRIALS
    )
