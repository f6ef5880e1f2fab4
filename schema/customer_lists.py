"""Lists of customers: pages, totals, and facets, which count the customers of each filter value."""

import strawberry

from resolvers import administrators, customer_lists, tags
from schema.costs import ROWS, list_size
from schema.customers import Customer
from schema.enums import CustomerStatus, InvoiceState, ManagedBy, Product, SubscriptionType
from schema.fields import NO_KEYS, SAME_READ, field
from schema.node import PageInfo
from schema.organization import AdministratorCount
from schema.tags import TagCount
from store.customers.facets import OPEN_DIMENSIONS


@strawberry.type
class CustomerEdge:
    """A customer and its cursor."""

    cursor: str = strawberry.field(
        metadata=NO_KEYS, description="The cursor of the customer, for `after` and `before` of this list."
    )
    node: Customer = strawberry.field(metadata=SAME_READ, description="The customer.")


@strawberry.type
class ManagedByCount:
    """A way of management and the number of its customers."""

    value: ManagedBy = strawberry.field(description="The value, as the filter's managedBy takes it.")
    count: int = strawberry.field(description="The number of customers.")


@strawberry.type
class ProductCount:
    """A product and the number of its customers."""

    value: Product = strawberry.field(description="The value, as the filter's product takes it.")
    count: int = strawberry.field(description="The number of customers.")


@strawberry.type
class StatusCount:
    """A status and the number of its customers."""

    value: CustomerStatus = strawberry.field(description="The value, as the filter's status takes it.")
    count: int = strawberry.field(description="The number of customers.")


@strawberry.type
class SubscriptionTypeCount:
    """A kind of entitlement and the number of its customers."""

    value: SubscriptionType = strawberry.field(description="The value, as the filter's subscriptionType takes it.")
    count: int = strawberry.field(description="The number of customers.")


@strawberry.type
class InvoiceStateCount:
    """A state of invoices and the number of customers whose newest invoices are in it."""

    value: InvoiceState = strawberry.field(description="The value, as the filter's invoiceState takes it.")
    count: int = strawberry.field(description="The number of customers.")


@strawberry.type
class CountryCount:
    """A country and the number of its customers."""

    value: str = strawberry.field(description="The value, as the filter's country takes it.")
    count: int = strawberry.field(description="The number of customers.")


@strawberry.type
class CustomerFacets:
    """The number of customers for each value of a filter. Every value of an enum is listed, in the order of the
    enum, including zeros. Tags, administrators and countries are listed when they have customers, the most used
    first: at most 100 tags and 100 administrators.
    """

    managed_by: list[ManagedByCount] = strawberry.field(
        directives=[list_size(len(ManagedBy))], description="The counts of the filter's managedBy."
    )
    product: list[ProductCount] = strawberry.field(
        directives=[list_size(len(Product))], description="The counts of the filter's product."
    )
    status: list[StatusCount] = strawberry.field(
        directives=[list_size(len(CustomerStatus))], description="The counts of the filter's status."
    )
    subscription_type: list[SubscriptionTypeCount] = strawberry.field(
        directives=[list_size(len(SubscriptionType))], description="The counts of the filter's subscriptionType."
    )
    invoice_state: list[InvoiceStateCount] = strawberry.field(
        directives=[list_size(len(InvoiceState))],
        description="The counts of the filter's invoiceState; a newest invoice is never VOID.",
    )
    tag = field(
        tags.counts, list[TagCount], "The counts of the filter's tag.", list_size=list_size(OPEN_DIMENSIONS["tag"])
    )
    administrator = field(
        administrators.counts,
        list[AdministratorCount],
        "The counts of the filter's administrator.",
        list_size=list_size(OPEN_DIMENSIONS["administrator"], typical=20),
    )
    country: list[CountryCount] = strawberry.field(
        directives=[list_size(OPEN_DIMENSIONS["country"], typical=30)],
        description="The counts of the filter's country.",
    )


@strawberry.type
class CustomerConnection:
    """A page of a list of customers. The total and the facets are counted only if the operation selects them."""

    edges: list[CustomerEdge] = strawberry.field(
        directives=[ROWS], metadata=SAME_READ, description="The customers of the page with their cursors."
    )
    nodes: list[Customer] = strawberry.field(
        directives=[ROWS], metadata=SAME_READ, description="The customers of the page."
    )
    page_info: PageInfo = strawberry.field(metadata=NO_KEYS, description="The position of the page in the list.")
    total_count = field(customer_lists.total_count, int, "The number of customers in the whole list.", reads=())
    facets = field(
        customer_lists.facets,
        CustomerFacets,
        "The number of customers for each value. The counts of a dimension leave out the top-level "
        "condition of that dimension.",
        reads=(),
    )
