"""The filter, order and look-up inputs of customers."""

from datetime import datetime

import strawberry

from schema.enums import (
    AnalyticsProduct,
    CustomerOrderField,
    CustomerStatus,
    InvoiceState,
    KpiKind,
    ManagedBy,
    OrderDirection,
    Product,
    SubscriptionType,
)


@strawberry.input
class DateTimeRange:
    """A range of instants. A bound that is absent or null is no limit."""

    since: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="The start of the range, inclusive."
    )
    until: datetime | None = strawberry.field(default=strawberry.UNSET, description="The end of the range, exclusive.")


@strawberry.input
class KpiFilter:
    """The customers behind a KPI."""

    kind: KpiKind = strawberry.field(description="The KPI, as PartnerKpis defines it.")
    product: AnalyticsProduct | None = strawberry.field(
        default=strawberry.UNSET,
        description="Only the licenses of this product are counted; by default those of Meetings and Calling.",
    )


@strawberry.input
class CustomerFilter:
    """Conditions are joined by AND; the values of one list are joined by OR. A single value may be given instead of
    a list. An absent or null condition imposes no restriction. An empty list, including that of anyOf, matches
    nothing; an empty allOf matches everything. At most 500 values in a list, 100 filters in all, and 5 levels of
    allOf, anyOf and not; more is the error BAD_USER_INPUT.
    """

    search: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "All words must match. Each must be the start of a word of the name, the domain, the external id or the "
            "number of a living subscription or trial (of the newest 200). In Chinese, Japanese, Korean and Thai text "
            "any place is a start. Case and diacritics are ignored; an umlaut is also found by its two-letter form. At "
            "most 100 characters. A text without a letter or digit matches nothing; a blank text is no condition."
        ),
    )
    managed_by: list[ManagedBy] | None = strawberry.field(
        default=strawberry.UNSET, description="The partner manages the customer in one of these ways."
    )
    product: list[Product] | None = strawberry.field(
        default=strawberry.UNSET, description="The customer has a living entitlement to one of these products."
    )
    status: list[CustomerStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="The customer has one of these statuses."
    )
    subscription_type: list[SubscriptionType] | None = strawberry.field(
        default=strawberry.UNSET, description="The customer has a living entitlement of one of these kinds."
    )
    tag: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="The customer has one of these tags."
    )
    administrator: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="One of these administrators is assigned to the customer."
    )
    country: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="The country is one of these, as ISO 3166-1 alpha-2 codes."
    )
    expires_within_days: int | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "At least one running subscription that does not renew, or running trial, ends within this "
            "number of days (1–365). Not allowed in feeds, because time alone would change the answer."
        ),
    )
    renews_within_days: int | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "At least one running subscription renews by itself within this number of days (1–365). Not allowed in "
            "feeds, because time alone would change the answer."
        ),
    )
    kpi: KpiFilter | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The customer is one of those behind a KPI. Needs the permission READ_ANALYTICS. Not allowed in feeds, "
            "because time alone or another customer would change the answer."
        ),
    )
    has_tags: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether the customer has at least one tag (true), or none (false)."
    )
    has_assignments: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether at least one administrator is assigned to the customer (true), or none (false).",
    )
    invoice_state: list[InvoiceState] | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The newest invoice that is not VOID, of a living subscription, is in one of these states. VOID itself "
            "matches no customer."
        ),
    )
    created_at: DateTimeRange | None = strawberry.field(
        default=strawberry.UNSET, description="The customer was created in the range."
    )
    last_administrator_sign_in_at: DateTimeRange | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "An administrator of the customer last signed in within the range. A customer without a sign-in never "
            "matches."
        ),
    )
    all_of: list["CustomerFilter"] | None = strawberry.field(
        default=strawberry.UNSET, description="Every one of these filters matches."
    )
    any_of: list["CustomerFilter"] | None = strawberry.field(
        default=strawberry.UNSET, description="At least one of these filters matches."
    )
    not_: "CustomerFilter | None" = strawberry.field(
        name="not", default=strawberry.UNSET, description="This filter does not match."
    )


@strawberry.input
class CustomerOrder:
    """The order of a list of customers; by name, ascending, by default."""

    field: CustomerOrderField = strawberry.field(default=CustomerOrderField.NAME, description="The sort key.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="The direction.")


@strawberry.input(one_of=True)
class CustomerLookup:
    """How a customer is found; exactly one of the fields."""

    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The global id of the customer.")
    external_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The organization's id in the ordering system."
    )
