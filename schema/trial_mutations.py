"""The mutations of trials, and of the customers that are created with them: inputs, payloads, fields."""

from functools import partial

import strawberry

from domain.customers.own_customers import UpdateCustomer
from domain.entitlements.trials import ChangeTrial, ConvertTrial, EndTrial, ExtendTrial, StartTrial
from resolvers import customer_mutations, trials
from schema.customers import Customer
from schema.entitlements import CustomerSubscription, Trial
from schema.enums import ManagedBy, Permission, Product
from schema.fields import field, mutation
from schema.mutation_parts import IDEMPOTENCY_KEY_FIELD, VERSION_INPUT, user_errors_field


@strawberry.input
class TrialLicensesInput:
    """A number of licenses of one product."""

    product: Product = strawberry.field(description="The product, at most once in the list.")
    licenses: int = strawberry.field(description="The number of licenses; the list says which numbers are allowed.")


@strawberry.input
class NewCustomerInput:
    """A customer that no import has delivered yet. Where an ADMINISTRATOR creates it, it is assigned to them."""

    name: str = strawberry.field(description="The name of the organization, 1–200 characters.")
    external_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The id in the ordering system, where it is known; 1–100 characters, unique in the partner, "
            "else TAKEN. Later deliveries with this id apply to this customer; where an ADMINISTRATOR gave the id, "
            "the customer is then no longer assigned to them. Without it, the id is generated here."
        ),
    )
    managed_by: ManagedBy = strawberry.field(
        default=ManagedBy.PARTNER_ORGANIZATION, description="How the partner comes to manage the customer."
    )
    domain: str | None = strawberry.field(
        default=strawberry.UNSET, description="The internet domain of the organization, at most 253 characters."
    )
    country: str | None = strawberry.field(
        default=strawberry.UNSET, description="The country as an ISO 3166-1 alpha-2 code."
    )


@strawberry.input(one_of=True)
class TrialCustomerInput:
    """An existing customer or a new one; exactly one of the fields."""

    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The id of an existing customer.")
    new: NewCustomerInput | None = strawberry.field(
        default=strawberry.UNSET, description="A customer to be created with the trial."
    )


@strawberry.input
class StartTrialInput:
    """A trial that starts now."""

    customer: TrialCustomerInput = strawberry.field(description="The customer of the trial.")
    licenses: list[TrialLicensesInput] = strawberry.field(
        description=(
            "Each product once, with 1–1,000 licenses. A customer has at most one running trial of a "
            "product: TRIAL_RUNNING."
        )
    )
    days: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="The length of the trial in days, 1–90; more is TRIAL_TOO_LONG. Without it, the partner's "
        "own setting applies.",
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class ExtendTrialInput:
    """Days to be added to the end of a running trial."""

    id: strawberry.ID = strawberry.field(description="The id of the trial.")
    version: int = VERSION_INPUT
    days: int = strawberry.field(
        description=(
            "The number of days, at least 1. With its extensions, a trial lasts at most 120 days; more "
            "is TRIAL_TOO_LONG."
        )
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class ChangeTrialInput:
    """Changes the licenses and products of a running trial. A product with 0 licenses leaves the trial."""

    id: strawberry.ID = strawberry.field(description="The id of the trial.")
    version: int = VERSION_INPUT
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

    id: strawberry.ID = strawberry.field(description="The id of the trial.")
    version: int = VERSION_INPUT
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class ConvertTrialInput:
    """The subscription into which a running trial is converted. Its licenses, assignments and usage are those of
    the trial.
    """

    id: strawberry.ID = strawberry.field(description="The id of the trial. It must be running; else WRONG_STATE.")
    version: int = VERSION_INPUT
    number: str = strawberry.field(
        description=(
            "The number of the subscription, at most 100 characters, unique among subscriptions and trials; else TAKEN."
        )
    )
    months: int = strawberry.field(default=12, description="The length of a term in calendar months, 1–60.")
    auto_renew: bool = strawberry.field(default=True, description="Whether the subscription renews by itself.")
    licenses: list[TrialLicensesInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The totals of the subscription, where they differ from those of the trial. Each product "
            "once, 1–1,000,000 licenses; a product that the trial does not have is added."
        ),
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class UpdateCustomerInput:
    """Changes a customer that was created here and never delivered, else WRONG_STATE. An omitted field stays."""

    id: strawberry.ID = strawberry.field(description="The id of the customer.")
    version: int = VERSION_INPUT
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The name of the organization, 1–200 characters; null is INVALID."
    )
    domain: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The internet domain of the organization, at most 253 characters; null or a blank text removes it.",
    )
    country: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The country as an ISO 3166-1 alpha-2 code; null or a blank text removes it.",
    )
    external_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The id in the ordering system, 1–100 characters, unique in the partner, else TAKEN. Allowed only where "
            "the customer has none yet, else WRONG_STATE. Later deliveries with this id apply to this customer. Where "
            "an ADMINISTRATOR gives the id, the customer is no longer assigned to them once it is delivered."
        ),
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class _TrialPayload:
    """The fields that the payloads of several mutations share."""

    trial = field(
        trials.changed_entitlement, Trial | None, "The trial after the change; null where nothing was changed."
    )
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

    subscription = field(
        trials.new_subscription, CustomerSubscription | None, "The new subscription; null where nothing was changed."
    )
    trial = field(trials.converted_trial, Trial | None, "The trial, which has ended; null where nothing was changed.")
    user_errors = user_errors_field()


@strawberry.type
class UpdateCustomerPayload:
    """The customer after the change, or the mistakes."""

    customer = field(
        customer_mutations.changed_customer,
        Customer | None,
        "The customer after the change; null where a mistake was made.",
    )
    user_errors = user_errors_field()


_declare = partial(mutation, requires=Permission.MANAGE_TRIALS)


@strawberry.type
class TrialMutations:
    """The root fields that change trials and the customers that were created with them."""

    start_trial = _declare(
        trials.start_trial,
        StartTrialPayload,
        StartTrialInput,
        StartTrial,
        "Starts a trial for a customer, which can be created at the same time.",
    )
    extend_trial = _declare(
        trials.extend_trial,
        ExtendTrialPayload,
        ExtendTrialInput,
        ExtendTrial,
        "Adds days to the end of a running trial.",
    )
    change_trial = _declare(
        trials.change_trial,
        ChangeTrialPayload,
        ChangeTrialInput,
        ChangeTrial,
        "Changes the licenses and products of a running trial.",
    )
    end_trial = _declare(trials.end_trial, EndTrialPayload, EndTrialInput, EndTrial, "Ends a running trial now.")
    convert_trial = _declare(
        trials.convert_trial,
        ConvertTrialPayload,
        ConvertTrialInput,
        ConvertTrial,
        "Ends a running trial now and starts a subscription with its licenses.",
    )
    update_customer = _declare(
        customer_mutations.update_customer,
        UpdateCustomerPayload,
        UpdateCustomerInput,
        UpdateCustomer,
        "Changes the name, domain or country of a customer that was created here and never "
        "delivered, or gives it an external id.",
    )
