"""The filter, order and look-up inputs of customers."""

import strawberry

from schema.enums import CustomerOrderField, CustomerStatus, ManagedBy, OrderDirection, Product, SubscriptionType


@strawberry.input(
    description=(
        "Conditions are joined by AND; the values of one list by OR. A single value may stand for a list.\n"
        "An absent or null condition asks nothing; an empty list (anyOf's too) matches nothing; "
        "an empty allOf everything."
    )
)
class CustomerFilter:
    """The filter of a list; domain/customers/filter.py parses it and enforces its limits."""

    search: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "All words must match, each the start of a word of the name, the domain or the external id; "
            "case and diacritics do not count."
        ),
    )
    managed_by: list[ManagedBy] | None = strawberry.UNSET
    product: list[Product] | None = strawberry.UNSET
    status: list[CustomerStatus] | None = strawberry.UNSET
    subscription_type: list[SubscriptionType] | None = strawberry.UNSET
    tag: list[strawberry.ID] | None = strawberry.UNSET
    administrator: list[strawberry.ID] | None = strawberry.UNSET
    country: list[str] | None = strawberry.UNSET
    expires_within_days: int | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Some running subscription without auto-renewal, or trial, ends within so many days (1–365). "
            "Not in feeds: time alone would change the answer."
        ),
    )
    all_of: list["CustomerFilter"] | None = strawberry.UNSET
    any_of: list["CustomerFilter"] | None = strawberry.UNSET
    not_: "CustomerFilter | None" = strawberry.field(name="not", default=strawberry.UNSET)


@strawberry.input
class CustomerOrder:
    """The order of a list; the default is by name, ascending."""

    field: CustomerOrderField = CustomerOrderField.NAME
    direction: OrderDirection = OrderDirection.ASC


@strawberry.input(one_of=True)
class CustomerLookup:
    """The id or the external id of a customer, exactly one of them."""

    id: strawberry.ID | None = strawberry.UNSET
    external_id: strawberry.ID | None = strawberry.UNSET
