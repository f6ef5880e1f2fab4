"""Entitlements of customers to licences: subscriptions and trials; the mutation that sets an order up."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.entitlements.license_keys import MAX_LICENSE_LINES
from domain.entitlements.lifecycle import is_subscription, is_trial, next_change_at
from domain.entitlements.orders import CompleteOrderSetup
from domain.entitlements.trials import MAX_EXTENDED_TRIAL_DAYS
from resolvers import entitlements, trials
from schema import billing_documents
from schema.costs import list_size
from schema.enums import EntitlementState, Permission, Product
from schema.fields import field, mutation
from schema.mutation_parts import IDEMPOTENCY_KEY_FIELD, user_errors_field
from schema.node import VERSION_FIELD, Node
from schema.organization import PartnerAdministrator
from schema.stored_values import shows
from store.entitlements.documents import TERMS, EntitlementDocument, LicenseLineDocument

if TYPE_CHECKING:
    from schema.customers import Customer


@strawberry.type
@shows(LicenseLineDocument)
class LicenseLine:
    """A license line, or the sum over the lines of a product. assigned may exceed total; the surplus is the overage.
    used never exceeds assigned.
    """

    product: Product = strawberry.field(description="The product.")
    name: str | None = strawberry.field(
        description=(
            "The kind of the product's licenses, where the ordering system names one: Professional, Workspace. "
            "For the product OTHER it is what was delivered as the product. Null for a sum over several lines."
        )
    )
    total: int = strawberry.field(description="The number of licenses ordered.")
    assigned: int = strawberry.field(description="The number of licenses assigned to users.")
    used: int = strawberry.field(description="The number of licenses used at least once in the last seven days.")
    available: int = strawberry.field(description="max(0, total − assigned), summed over single lines.")
    overage: int = strawberry.field(description="max(0, assigned − total), summed over single lines.")
    assigned_percent: float | None = strawberry.field(description="assigned ÷ total × 100; null where total is 0.")
    used_percent: float | None = strawberry.field(description="used ÷ total × 100; null where total is 0.")


@strawberry.interface
class Entitlement(Node):
    """A subscription or a trial. It entitles a customer to licenses."""

    customer = field(
        entitlements.customer,
        Annotated["Customer", strawberry.lazy("schema.customers")],
        "The customer.",
        batch=True,
        reads=(EntitlementDocument.customer_id,),
    )
    state = field(
        entitlements.state, EntitlementState, "The state at the moment of the request.", reads=TERMS, is_timed=True
    )
    added_at: datetime = strawberry.field(description="The moment at which the entitlement was added.")
    starts_at: datetime = strawberry.field(description="The start.")
    ends_at = field(
        entitlements.ends_at,
        datetime,
        "The end; of a subscription that renews, the end of the present term.",
        reads=TERMS,
        is_timed=True,
    )
    days_remaining = field(
        entitlements.days_remaining,
        int,
        "The number of whole days left, rounded up; 0 once the entitlement has ended or was cancelled.",
        reads=TERMS,
    )
    licenses = field(
        entitlements.licenses,
        list[LicenseLine],
        "The license lines, by product, then by name; at most 50 are delivered. Product and name are unique together.",
        list_size=list_size(MAX_LICENSE_LINES, typical=3),
        embedded=EntitlementDocument.license_lines,
    )


@strawberry.type
@shows(EntitlementDocument, is_subscription, next_change_at)
class CustomerSubscription(Entitlement):
    """A subscription of a customer."""

    number: str = strawberry.field(
        description="The enterprise subscription's own id, as printed on invoices. It is unique among "
        "subscriptions and trials."
    )
    auto_renew: bool = strawberry.field(
        description="Whether the subscription renews by itself at its end, unless it is cancelled."
    )
    term_months: int = strawberry.field(description="The length of a term in calendar months, 1–120; 12 by default.")
    version: int = VERSION_FIELD
    cancelled_at: datetime | None = strawberry.field(
        description="The moment at which the subscription was, or will be, cancelled; null without a "
        "cancellation. With this value the subscription never renews."
    )
    suspended_at = field(
        entitlements.suspended_at,
        datetime | None,
        "The delivered moment from which the subscription has been marked unpaid. Null where it is not marked unpaid, "
        "and where no moment was delivered.",
        reads=(EntitlementDocument.suspended, EntitlementDocument.suspended_at),
        is_timed=True,
    )
    renews_at = field(
        entitlements.renews_at,
        datetime | None,
        "The moment at which the subscription renews by itself. Null where autoRenew is off, where "
        "the subscription is cancelled, now or for a future day, and where it is not living.",
        reads=TERMS,
    )
    invoice = billing_documents.NEWEST_INVOICE
    invoices = billing_documents.SUBSCRIPTION_INVOICES
    orders = billing_documents.SUBSCRIPTION_ORDERS


@strawberry.type
class TrialExtension:
    """Days that were added to the end of a trial."""

    at: datetime = strawberry.field(description="The moment of the extension.")
    by = field(
        entitlements.extended_by,
        PartnerAdministrator | None,
        "The administrator who extended the trial; null where they are no longer known.",
        batch=True,
    )
    days: int = strawberry.field(description="The number of days added.")


@strawberry.type
@shows(EntitlementDocument, is_trial, next_change_at)
class Trial(Entitlement):
    """A trial of a customer."""

    number: str = strawberry.field(
        description="The trial's own id, unique among subscriptions and trials. It is generated here where none "
        "was delivered."
    )
    started_by = field(
        entitlements.started_by,
        PartnerAdministrator | None,
        "The administrator who started the trial; null where it was delivered.",
        batch=True,
        reads=(EntitlementDocument.started_by,),
    )
    extensions = field(
        entitlements.extensions,
        list[TrialExtension],
        "The extensions, oldest first.",
        list_size=list_size(MAX_EXTENDED_TRIAL_DAYS, typical=2),
        reads=(EntitlementDocument.extensions,),
    )
    ended_early_at: datetime | None = strawberry.field(
        description="The moment at which an administrator ended the trial; null where none did."
    )
    converted_to = field(
        entitlements.converted_to,
        CustomerSubscription | None,
        "The subscription into which the trial was converted; null where it was not.",
        batch=True,
        reads=(EntitlementDocument.converted_to,),
    )
    version: int = VERSION_FIELD


@strawberry.input
class CompleteOrderSetupInput:
    """The subscription whose setup is completed."""

    subscription: strawberry.ID = strawberry.field(
        description="The id of a subscription in the state READY_FOR_SETUP; any other state is WRONG_STATE."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class CompleteOrderSetupPayload:
    """The subscription after the change, or the mistakes."""

    subscription = field(
        trials.changed_entitlement,
        CustomerSubscription | None,
        "The subscription after the change; null where nothing was changed.",
    )
    user_errors = user_errors_field()


@strawberry.type
class OrderMutations:
    """The root field that sets up orders."""

    complete_order_setup = mutation(
        trials.complete_order_setup,
        CompleteOrderSetupPayload,
        CompleteOrderSetupInput,
        CompleteOrderSetup,
        "Marks an ordered subscription as set up.",
        requires=Permission.SET_UP_ORDERS,
    )
