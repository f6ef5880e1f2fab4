"""The enumerations of the API: those of domain/, with descriptions."""

from enum import StrEnum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from domain.calling.calls import CallFeature, EndpointType
from domain.calling.table_orders import CallingUsageOrderField, CallQualityOrderField
from domain.customers.reasons import StatusReasonCode
from domain.entitlements.invoices import InvoiceState
from domain.partner.bulk_jobs import BulkJobState
from domain.partner.helpdesk import HelpdeskRequestState, HelpdeskTopic
from domain.partner.resources import ResourceKind
from domain.partner.setup import SetupStepKey
from domain.partner.tags import TagColor
from domain.permissions import ROLE_DESCRIPTIONS, Permission
from domain.types import (
    ActivityKind,
    AdministratorState,
    AnalyticsProduct,
    CustomerOrderField,
    CustomerStatus,
    EntitlementReportOrderField,
    EntitlementState,
    ManagedBy,
    OrderDirection,
    OrderKind,
    PartnerRole,
    Product,
    SubscriptionType,
)
from domain.user_errors import UserErrorCode
from resolvers.organization import SetupState

__all__ = [
    "ActivityKind",
    "AdministratorState",
    "AnalyticsProduct",
    "BulkJobState",
    "CallFeature",
    "CallQualityOrderField",
    "CallingUsageOrderField",
    "CustomerOrderField",
    "CustomerStatus",
    "EndpointType",
    "EntitlementReportOrderField",
    "EntitlementState",
    "HelpdeskRequestState",
    "HelpdeskTopic",
    "InvoiceState",
    "ManagedBy",
    "OrderDirection",
    "OrderKind",
    "PartnerRole",
    "Permission",
    "Product",
    "ResourceKind",
    "SetupState",
    "SetupStepKey",
    "StatusReasonCode",
    "SubscriptionType",
    "TagColor",
    "UserErrorCode",
]


def _register_enum(values: type[StrEnum], description: str | None = None, **described: str) -> None:
    """Register an enumeration of domain/ with Strawberry; `described` are descriptions by value."""
    strawberry.enum(values, description=description)
    definition: StrawberryEnumDefinition = values.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = described.get(value.name)


for plain in (
    ActivityKind,
    HelpdeskRequestState,
    HelpdeskTopic,
    InvoiceState,
    OrderKind,
    ResourceKind,
    Permission,
    SetupState,
    SetupStepKey,
    Product,
    AnalyticsProduct,
    SubscriptionType,
    OrderDirection,
    AdministratorState,
    TagColor,
    BulkJobState,
    CallFeature,
    CallQualityOrderField,
    CallingUsageOrderField,
    EndpointType,
):
    _register_enum(plain)
_register_enum(
    PartnerRole,
    **{str(role): description for role, description in ROLE_DESCRIPTIONS.items()},
)
_register_enum(
    ManagedBy,
    EXTERNAL_ADMINISTRATOR="The customer's own organization let the partner in as an external administrator.",
    PARTNER_ORGANIZATION="The customer is part of the partner's organization.",
)
_register_enum(CustomerStatus, "A customer can hold several at once; domain.md gives the exact rule of each.")
_register_enum(
    StatusReasonCode,
    "Why a status holds. Each value names the arguments that it has; the others are null.",
    SUSPENDED="The subscription is marked unpaid. Arguments: type, number, others.",
    LICENSES_EXCEEDED=(
        "More licenses of a product are assigned than ordered. Arguments: type, number, product, assigned, ordered, "
        "others."
    ),
    EXPIRES="The entitlement ends and does not renew. Arguments: type, number, on, others.",
    RENEWS="The subscription renews. Arguments: type, number, on, others.",
    EXPIRED="The entitlement that ended last has ended. Arguments: type, number, on, others.",
    CANCELLED="The entitlement that ended last was cancelled. Arguments: type, number, on, others.",
    READY_FOR_SETUP="The subscription is ready to be set up. Arguments: type, number, others.",
    NO_SIGN_IN_SINCE="No administrator of the customer has signed in since a date. Argument: on.",
    NEVER_SIGNED_IN="No administrator of the customer has ever signed in. Argument: on, the date of its creation.",
)
_register_enum(
    EntitlementState,
    READY_FOR_SETUP="Ordered, and not fully set up yet.",
    SCHEDULED="Set up, and its start lies ahead.",
    SUSPENDED="Marked unpaid by the ordering system; invoices do not decide it.",
)
_register_enum(
    CustomerOrderField,
    "Ties go by name, then id; nulls come last in both directions.",
    NEXT_EXPIRY_AT="The soonest end of a running entitlement.",
    URGENCY="By the most urgent status; customers without one last.",
)
_register_enum(
    EntitlementReportOrderField, "Ties go by the customer's name, then number; nulls come last in both directions."
)
_register_enum(
    UserErrorCode,
    STALE="The object changed since the version that was given.",
    KEY_REUSED="The idempotency key was used with other input.",
)
