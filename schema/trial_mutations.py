"""The mutations of trials: inputs, payloads, fields."""

from functools import partial

import strawberry

from domain.entitlements.trials import ChangeTrial, ConvertTrial, EndTrial, ExtendTrial, StartTrial
from resolvers import trials
from schema.entitlements import CustomerSubscription, Trial
from schema.enums import ManagedBy, Permission, Product
from schema.fields import field, mutation
from schema.mutation_inputs import IDEMPOTENCY_KEY_FIELD
from schema.user_errors import user_errors_field


@strawberry.input
class TrialLicensesInput:
    """A number of licences of one product."""

    product: Product
    licenses: int


@strawberry.input
class NewCustomerInput:
    """A customer that no import has delivered yet."""

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
    """An existing customer or a new one."""

    id: strawberry.ID | None = strawberry.UNSET
    new: NewCustomerInput | None = strawberry.UNSET


@strawberry.input
class StartTrialInput:
    """A trial that starts now."""

    customer: TrialCustomerInput
    licenses: list[TrialLicensesInput]
    days: int | None = strawberry.field(default=strawberry.UNSET, description="Without it, the partner's own setting.")
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class ExtendTrialInput:
    """Days to be added to the end of a trial."""

    id: strawberry.ID
    version: int
    days: int
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input(
    description="Changes the licenses and products of a running trial. A product with 0 licenses leaves the trial."
)
class ChangeTrialInput:
    """The new numbers of licences."""

    id: strawberry.ID
    version: int
    licenses: list[TrialLicensesInput] = strawberry.field(
        description=(
            "Each product once, 0–1,000 licenses. A product that the trial does not have is added; "
            "a product that is not given keeps its licenses. At least one product remains."
        )
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class EndTrialInput:
    """A trial to be ended now."""

    id: strawberry.ID
    version: int
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class ConvertTrialInput:
    """The subscription into which a running trial is converted."""

    id: strawberry.ID
    version: int
    number: str
    months: int = 12
    auto_renew: bool = True
    licenses: list[TrialLicensesInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The totals of the subscription, where they differ from those of the trial. "
            "Each product once, 1–1,000,000 licences; a product that the trial does not have is added."
        ),
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class _TrialPayload:
    """The fields that the payloads of several mutations share."""

    trial = field(trials.changed_entitlement, Trial | None)
    user_errors = user_errors_field()


@strawberry.type
class StartTrialPayload(_TrialPayload):
    """The new trial, or the mistakes."""


@strawberry.type
class ExtendTrialPayload(_TrialPayload):
    """The trial after the change, or the mistakes."""


@strawberry.type
class ChangeTrialPayload(_TrialPayload):
    """The trial after the change, or the mistakes."""


@strawberry.type
class EndTrialPayload(_TrialPayload):
    """The trial after the change, or the mistakes."""


@strawberry.type
class ConvertTrialPayload:
    """The ended trial and its subscription, or the mistakes."""

    subscription = field(trials.new_subscription, CustomerSubscription | None)
    trial = field(trials.converted_trial, Trial | None)
    user_errors = user_errors_field()


_declare = partial(mutation, requires=Permission.MANAGE_TRIALS)


@strawberry.type
class TrialMutations:
    """The root fields that change trials."""

    start_trial = _declare(trials.start_trial, StartTrialPayload, StartTrialInput, StartTrial)
    extend_trial = _declare(trials.extend_trial, ExtendTrialPayload, ExtendTrialInput, ExtendTrial)
    change_trial = _declare(trials.change_trial, ChangeTrialPayload, ChangeTrialInput, ChangeTrial)
    end_trial = _declare(trials.end_trial, EndTrialPayload, EndTrialInput, EndTrial)
    convert_trial = _declare(trials.convert_trial, ConvertTrialPayload, ConvertTrialInput, ConvertTrial)
