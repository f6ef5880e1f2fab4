"""Entitlements of customers to licences: subscriptions and trials."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from domain.entitlements.lifecycle import is_trial
from resolvers import entitlements
from schema import invoices, orders
from schema.costs import ListSize
from schema.enums import EntitlementState, Product
from schema.fields import field
from schema.node import Node
from schema.organization import PartnerAdministrator
from store.entitlements.documents import EntitlementDocument

if TYPE_CHECKING:
    from schema.customers import Customer


@strawberry.type(
    description=(
        "Licenses of one product. assigned may exceed total: the surplus is the overage. used never exceeds assigned."
    )
)
class LicenseLine:
    """The figures of one product."""

    product: Product
    total: int
    assigned: int
    used: int = strawberry.field(description="Used at least once in the last seven days.")
    available: int = strawberry.field(description="max(0, total − assigned), summed over single lines.")
    overage: int = strawberry.field(description="max(0, assigned − total), summed over single lines.")
    assigned_percent: float | None = strawberry.field(description="assigned ÷ total × 100, null where total is 0.")
    used_percent: float | None = strawberry.field(description="used ÷ total × 100, null where total is 0.")


@strawberry.interface(description="What entitles a customer to licenses: a subscription or a trial.")
class Entitlement(Node):
    """The common fields of subscriptions and trials."""

    customer = field(entitlements.customer, Annotated["Customer", strawberry.lazy("schema.customers")])
    state = field(entitlements.state, EntitlementState)
    added_at: datetime
    starts_at: datetime
    ends_at = field(entitlements.ends_at, datetime)
    days_remaining = field(
        entitlements.days_remaining, int, "Whole days left, rounded up; 0 once it has ended or was cancelled."
    )
    licenses = field(entitlements.licenses, list[LicenseLine], list_size=ListSize(assumed_size=4))


@strawberry.type
class CustomerSubscription(Entitlement):
    """A customer's subscription."""

    number: str = strawberry.field(description="The enterprise subscription's own id, as invoices print it.")
    auto_renew: bool
    term_months: int = strawberry.field(description="The length of a term in calendar months, 1–120; 12 by default.")
    version: int = strawberry.field(
        description="The version increases by one with every change. It can be used as a cache key."
    )
    cancelled_at: datetime | None = strawberry.field(
        description="The moment at which the subscription was, or will be, cancelled; null without a cancellation."
    )
    renews_at = field(
        entitlements.renews_at,
        datetime | None,
        "When it renews by itself; null where autoRenew is off or it is not living.",
    )
    invoice = invoices.NEWEST_INVOICE
    invoices = invoices.SUBSCRIPTION_INVOICES
    orders = orders.SUBSCRIPTION_ORDERS

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether the document is of this type."""
        return isinstance(value, EntitlementDocument) and not is_trial(value)


@strawberry.type
class TrialExtension:
    """An extension of a trial by some days."""

    at: datetime
    by = field(entitlements.extended_by, PartnerAdministrator | None)
    days: int


@strawberry.type
class Trial(Entitlement):
    """A customer's trial."""

    number: str = strawberry.field(
        description="Its own id, unique among subscriptions and trials; made here where none was delivered."
    )
    started_by = field(entitlements.started_by, PartnerAdministrator | None)
    extensions = field(entitlements.extensions, list[TrialExtension])
    ended_early_at: datetime | None
    converted_to = field(entitlements.converted_to, CustomerSubscription | None)
    version: int

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether the document is of this type."""
        return isinstance(value, EntitlementDocument) and is_trial(value)
