"""The enumerations as the API shows them: the domain's own, with their descriptions."""

from enum import StrEnum
from typing import TypeVar

import strawberry

from domain import permissions, types
from resolvers import organization

Values = TypeVar("Values", bound=type[StrEnum])


def _shown(values: Values, description: str | None = None, **described: str) -> Values:
    """Registers an enumeration of the domain, which itself knows nothing of GraphQL."""
    shown = strawberry.enum(values, description=description)
    for value in shown.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = described.get(value.name)
    return shown


Permission = _shown(permissions.Permission)
SetupState = _shown(organization.SetupState)
SetupStepKey = _shown(organization.SetupStepKey)
Product = _shown(types.Product)
SubscriptionType = _shown(types.SubscriptionType)
OrderDirection = _shown(types.OrderDirection)
AdministratorState = _shown(types.AdministratorState)
PartnerRole = _shown(
    types.PartnerRole,
    FULL_ADMINISTRATOR="Sees and manages every customer, tag and administrator, and the organization itself.",
    ADMINISTRATOR="Sees and manages the customers assigned to them; edits tags; starts trials.",
    READ_ONLY_ADMINISTRATOR="Sees every customer and the analytics; changes nothing.",
    HELPDESK_ADMINISTRATOR="Sees every customer, without analytics, and may launch one; changes nothing.",
)
ManagedBy = _shown(
    types.ManagedBy,
    EXTERNAL_ADMINISTRATOR="The customer's own organization let the partner in as an external administrator.",
    PARTNER_ORGANIZATION="The customer is part of the partner's organization.",
)
CustomerStatus = _shown(
    types.CustomerStatus, "A customer can hold several at once; domain.md gives the exact rule of each."
)
EntitlementState = _shown(
    types.EntitlementState,
    READY_FOR_SETUP="Ordered, and not fully set up yet.",
    SCHEDULED="Set up, and its start lies ahead.",
    SUSPENDED="Marked unpaid by the ordering system; invoices do not decide it.",
)
CustomerOrderField = _shown(
    types.CustomerOrderField,
    "Ties go by name, then id; nulls come last in both directions.",
    NEXT_EXPIRY_AT="The soonest end of a running entitlement.",
    URGENCY="By the most urgent status; customers without one last.",
)
