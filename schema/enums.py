"""The enumerations of the API: those of domain/, with the descriptions of enum_descriptions.py."""

from collections.abc import Mapping
from enum import StrEnum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from domain.calling.calls import CallFeature, EndpointType
from domain.calling.table_orders import CallingUsageOrderField, CallQualityOrderField, CallQueueOrderField
from domain.customers.kpis import KpiKind
from domain.customers.reasons import StatusReasonCode
from domain.entitlements.invoices import InvoiceState
from domain.integrations.webhooks import WebhookDeliveryState, WebhookState
from domain.partner.bulk_jobs import BulkJobState
from domain.partner.helpdesk import HelpdeskRequestState, HelpdeskTopic
from domain.partner.resources import ResourceKind
from domain.partner.setup import SetupStepKey
from domain.partner.tags import TagColor
from domain.permissions import Permission
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
from resolvers.list_feeds import ListChangeKind
from resolvers.organization import SetupState
from schema.enum_descriptions import ENUM_DESCRIPTIONS

__all__ = [
    "ActivityKind",
    "AdministratorState",
    "AnalyticsProduct",
    "BulkJobState",
    "CallFeature",
    "CallQualityOrderField",
    "CallQueueOrderField",
    "CallingUsageOrderField",
    "CustomerOrderField",
    "CustomerStatus",
    "EndpointType",
    "EntitlementReportOrderField",
    "EntitlementState",
    "HelpdeskRequestState",
    "HelpdeskTopic",
    "InvoiceState",
    "KpiKind",
    "ListChangeKind",
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
    "WebhookDeliveryState",
    "WebhookState",
]


def register_enum(values: type[StrEnum], description: str, descriptions: Mapping[str, str]) -> None:
    """Register an enumeration of domain/ with Strawberry; `descriptions` are those of its values."""
    strawberry.enum(values, description=description)
    definition: StrawberryEnumDefinition = values.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = descriptions.get(value.name)


for values, texts in ENUM_DESCRIPTIONS.items():
    register_enum(values, *texts)
