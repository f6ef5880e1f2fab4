"""Lists of customers: pages, totals, and facets, which count the customers of each filter value."""

import strawberry

from resolvers import customer_lists, tags
from schema.customers import Customer
from schema.enums import CustomerStatus, ManagedBy, Product, SubscriptionType
from schema.fields import field
from schema.node import PageInfo
from schema.tags import TagCount


@strawberry.type
class CustomerEdge:
    """A customer and its cursor."""

    cursor: str
    node: Customer


@strawberry.type
class ManagedByCount:
    """A filter value and the number of customers that have it."""

    value: ManagedBy
    count: int


@strawberry.type
class ProductCount:
    """A filter value and the number of customers that have it."""

    value: Product
    count: int


@strawberry.type
class StatusCount:
    """A filter value and the number of customers that have it."""

    value: CustomerStatus
    count: int


@strawberry.type
class SubscriptionTypeCount:
    """A filter value and the number of customers that have it."""

    value: SubscriptionType
    count: int


@strawberry.type(
    description=(
        "Every value of an enum in its order, zeros included; tags with customers, the most used first, at most 100."
    )
)
class CustomerFacets:
    """The facets of one list."""

    managed_by: list[ManagedByCount]
    product: list[ProductCount]
    status: list[StatusCount]
    subscription_type: list[SubscriptionTypeCount]
    tag = field(tags.counts, list[TagCount])


@strawberry.type
class CustomerConnection:
    """A page of a list. The total and the facets are counted only if the operation selects them."""

    edges: list[CustomerEdge]
    nodes: list[Customer]
    page_info: PageInfo
    total_count = field(customer_lists.total_count, int)
    facets = field(
        customer_lists.facets,
        CustomerFacets,
        "How many customers stand behind each value; "
        "the top-level condition of a dimension is left out of its own counts.",
    )
