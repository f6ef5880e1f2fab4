"""The viewer, the partner organization and its administrators."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import customer_lists, organization
from schema.costs import VALUES, list_size
from schema.enums import (
    AdministratorState,
    PartnerRole,
    Permission,
    Product,
    SetupState,
    SetupStepKey,
)
from schema.fields import field
from schema.node import PAGED, VERSION_FIELD, Node
from schema.stored_values import shows
from store.tenants.administrators import AdministratorDocument
from store.tenants.partners import PartnerDocument

if TYPE_CHECKING:
    from schema.customer_lists import CustomerConnection


@strawberry.type
@shows(AdministratorDocument)
class PartnerAdministrator(Node):
    """A person who works for the partner."""

    email: str = strawberry.field(description="The e-mail address, unique in the partner.")
    display_name: str = strawberry.field(description="The name to show.")
    role: PartnerRole = strawberry.field(description="The role.")
    state: AdministratorState = strawberry.field(description="The state of the account.")
    can_see_all_customers: bool = strawberry.field(
        name="seesAllCustomers", description="True for the roles that reach every customer without an assignment."
    )
    last_sign_in_at: datetime | None = strawberry.field(
        description="The moment of the last sign-in; null before the first."
    )
    version: int = VERSION_FIELD
    customers = field(
        customer_lists.administrator_customers,
        Annotated["CustomerConnection", strawberry.lazy("schema.customer_lists")],
        "The customers that both this administrator and the viewer see, by name.",
        requires=Permission.READ_CUSTOMERS,
        **PAGED,
        reads=(AdministratorDocument.id,),
    )


@strawberry.type
class AdministratorCount:
    """An administrator and the number of customers that are assigned to them."""

    value: PartnerAdministrator = strawberry.field(description="The administrator.")
    count: int = strawberry.field(description="The number of customers.")


@strawberry.type
class PlanItem:
    """Licenses of one product that the partner ordered."""

    product: Product = strawberry.field(description="The product.")
    licenses: int = strawberry.field(description="The number of licenses.")


@strawberry.type
class SetupStep:
    """One step of the first-time setup."""

    key: SetupStepKey = strawberry.field(description="Which step it is.")
    title = field(organization.step_title, str, "The title to show, in the language of the request.")
    completed_at: datetime | None = strawberry.field(
        description="The moment of completion; null while the step is open."
    )


@strawberry.type
class Terms:
    """The terms of service of this installation."""

    version: str = strawberry.field(description="The version, for acceptTerms.")
    url: str | None = strawberry.field(description="The address of a page with the terms; null where there is none.")
    text: str = strawberry.field(description="The text of the terms, in Markdown.")


@strawberry.type
class OrganizationSetup:
    """The first-time setup wizard: a plan overview, terms to accept, and steps to follow."""

    state = field(organization.setup_state, SetupState, "How far the setup has come.")
    plan = field(
        organization.plan,
        list[PlanItem],
        "The plan that the partner ordered. It is shown before the terms are accepted.",
        list_size=list_size(len(Product)),
    )
    terms_version = field(organization.terms_version, str, "The current version of the terms, for acceptTerms.")
    terms = field(organization.terms, Terms, "The terms to accept. They are to be read before acceptance.")
    terms_accepted_at: datetime | None = strawberry.field(
        description="The moment at which the terms were last accepted; null before."
    )
    terms_accepted_by = field(
        organization.terms_accepted_by,
        PartnerAdministrator | None,
        "The administrator who last accepted the terms; null before.",
    )
    steps = field(
        organization.setup_steps, list[SetupStep], "The steps in their order.", list_size=list_size(len(SetupStepKey))
    )
    next_step = field(
        organization.next_step, SetupStep | None, "The first step that is not completed; null where all are."
    )


@strawberry.type
class PartnerService:
    """A service that the partner can switch on for its own organization."""

    product: Product = strawberry.field(description="The product of the service.")
    enabled: bool = strawberry.field(description="Whether the service is switched on.")
    customers = field(
        organization.service_customers,
        int,
        "The number of customers that the viewer sees and that have a running line of the product.",
        batch=True,
    )


@strawberry.type
class PartnerSettings:
    """The thresholds that the partner chose. Changing one re-evaluates every customer."""

    version: int = strawberry.field(description="The version increases by one with every change of the settings.")
    expiring_soon_days: int = strawberry.field(
        description="The number of days before an end that count as EXPIRING_SOON, 1–180; 7 by default."
    )
    no_recent_activity_days: int = strawberry.field(
        description="The number of days without a sign-in that count as NO_RECENT_ACTIVITY, 1–365; 60 by default."
    )
    trial_days: int = strawberry.field(
        description="The length in days of a trial that is started without one, 1–90; 30 by default."
    )


@strawberry.type
@shows(PartnerDocument)
class PartnerOrganization(Node):
    """The tenant: an organization that resells and manages services for customers."""

    name: str = strawberry.field(description="The name of the organization.")
    country: str | None = strawberry.field(
        description="The country as an ISO 3166-1 alpha-2 code; null where it is unknown."
    )
    contact_email: str | None = strawberry.field(
        description="The e-mail address of the contact; null where it is unknown."
    )
    created_at: datetime = strawberry.field(description="The moment at which the partner was created.")
    setup = field(organization.setup, OrganizationSetup, "The first-time setup.")
    services = field(
        organization.services,
        list[PartnerService],
        "Every service, in the order of the enum. Only those of the plan can be switched on.",
        list_size=list_size(len(Product)),
    )
    settings = field(organization.settings, PartnerSettings, "The thresholds that the partner chose.")


@strawberry.type
class Viewer:
    """The administrator who makes the request, and what they may do."""

    administrator: PartnerAdministrator = strawberry.field(description="The administrator whom the token names.")
    partner = field(
        organization.partner,
        PartnerOrganization,
        "The partner organization of the administrator. No other can be reached.",
    )
    permissions: list[Permission] = strawberry.field(
        directives=[list_size(len(Permission)), VALUES],
        description="The permissions of the administrator's role. Show only what they allow.",
    )
