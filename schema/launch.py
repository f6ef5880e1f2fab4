"""The mutations that launch a customer or the organization: inputs, payloads, fields."""

from datetime import datetime

import strawberry

from domain.partner.launch import LaunchCustomer, LaunchOrganization
from resolvers import launch
from schema.enums import Permission
from schema.fields import field, mutation
from schema.mutation_parts import IDEMPOTENCY_KEY_FIELD, user_errors_field


@strawberry.input
class LaunchCustomerInput:
    """The customer whose console is to be opened."""

    customer: strawberry.ID = strawberry.field(
        description=(
            "The id of the customer. A customer without an id in the ordering system has no console: WRONG_STATE."
        )
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class LaunchCustomerPayload:
    """The address and the end of its validity, or the mistakes."""

    url = field(
        launch.url,
        str | None,
        "A signed address that opens the customer's organization once, within five minutes.",
    )
    expires_at = field(launch.expires_at, datetime | None, "The moment after which the address opens nothing.")
    user_errors = user_errors_field()


@strawberry.input
class LaunchOrganizationInput:
    """Opens the console of the viewer's own partner organization."""

    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class LaunchOrganizationPayload:
    """The address and the end of its validity, or the mistakes."""

    url = field(
        launch.url,
        str | None,
        "A signed address that opens the partner's own organization once, within five minutes.",
    )
    expires_at = field(launch.expires_at, datetime | None, "The moment after which the address opens nothing.")
    user_errors = user_errors_field()


@strawberry.type
class LaunchMutations:
    """The root fields that launch customers and the organization."""

    launch_customer = mutation(
        launch.launch_customer,
        LaunchCustomerPayload,
        LaunchCustomerInput,
        LaunchCustomer,
        "Returns an address that opens the console of a customer. A customer without an id in the ordering system, or "
        "with an id that cannot be part of an address, is WRONG_STATE.",
        requires=Permission.LAUNCH_CUSTOMER,
    )
    launch_organization = mutation(
        launch.launch_organization,
        LaunchOrganizationPayload,
        LaunchOrganizationInput,
        LaunchOrganization,
        "Returns an address that opens the console of the partner's own organization.",
        requires=Permission.LAUNCH_ORGANIZATION,
    )
