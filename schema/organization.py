"""The viewer, the partner organization and its administrators."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from resolvers import customer_lists, organization
from schema.enums import (
    AdministratorState,
    PartnerRole,
    Permission,
    Product,
    SetupState,
    SetupStepKey,
)
from schema.fields import field
from schema.node import PAGED, Node
from store.tenants.administrators import AdministratorDocument
from store.tenants.partners import PartnerDocument

if TYPE_CHECKING:
    from schema.customer_lists import CustomerConnection


@strawberry.type
class PartnerAdministrator(Node):
    """A person who works for the partner."""

    email: str
    display_name: str
    role: PartnerRole
    state: AdministratorState
    can_see_all_customers: bool = strawberry.field(
        name="seesAllCustomers", description="True for the roles that reach every customer without being assigned."
    )
    last_sign_in_at: datetime | None
    version: int
    customers = field(
        customer_lists.administrator_customers,
        Annotated["CustomerConnection", strawberry.lazy("schema.customer_lists")],
        requires=Permission.READ_CUSTOMERS,
        **PAGED,
    )

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether the document is of this type."""
        return isinstance(value, AdministratorDocument)


@strawberry.type
class PlanItem:
    """Licences of one product that the partner ordered."""

    product: Product
    licenses: int


@strawberry.type
class SetupStep:
    """One step of the setup wizard."""

    key: SetupStepKey
    title: str
    completed_at: datetime | None


@strawberry.type(description="The first-time setup wizard: a plan overview, terms to accept, and steps to follow.")
class OrganizationSetup:
    """Read from the partner's own document."""

    state = field(organization.setup_state, SetupState)
    plan = field(organization.plan, list[PlanItem], "What the partner ordered, shown before the terms are accepted.")
    terms_version: str
    terms_accepted_at: datetime | None
    terms_accepted_by = field(organization.terms_accepted_by, PartnerAdministrator | None)
    steps = field(organization.setup_steps, list[SetupStep])
    next_step = field(organization.next_step, SetupStep | None)


@strawberry.type(description="A service that the partner can switch on for its own organization.")
class PartnerService:
    """One of the products."""

    product: Product
    enabled: bool
    customers = field(
        organization.service_customers, int, "Customers that the viewer sees with a running line of the product."
    )


@strawberry.type(description="The thresholds that the partner chose; changing one re-evaluates every customer.")
class PartnerSettings:
    """All in days."""

    version: int
    expiring_soon_days: int
    no_recent_activity_days: int
    trial_days: int


@strawberry.type(description="The tenant: an organization that resells and manages services for customers.")
class PartnerOrganization(Node):
    """The viewer's own partner; no other can be reached."""

    name: str
    country: str | None
    contact_email: str | None
    created_at: datetime
    setup = field(organization.setup, OrganizationSetup)
    services = field(organization.services, list[PartnerService])
    settings = field(organization.settings, PartnerSettings)

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether the document is of this type."""
        return isinstance(value, PartnerDocument)


@strawberry.type(description="Who is asking, and what they may do.")
class Viewer:
    """The caller, identified by the request's token."""

    administrator: PartnerAdministrator
    partner = field(organization.partner, PartnerOrganization)
    permissions: list[Permission]
