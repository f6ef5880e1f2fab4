"""Tags: labels that a partner defines and gives to its customers."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from resolvers import customer_lists, tags
from schema.enums import Permission, TagColor
from schema.fields import field
from schema.node import PAGED, Node
from schema.organization import PartnerAdministrator
from store.tags.documents import TagDocument

if TYPE_CHECKING:
    from schema.customer_lists import CustomerConnection


@strawberry.type
class Tag(Node):
    """A label that the partner defines for its customers."""

    name: str
    color: TagColor
    description: str | None
    version: int
    customer_count = field(tags.customer_count, int, "Of those that the viewer sees.")
    customers = field(
        customer_lists.tag_customers,
        Annotated["CustomerConnection", strawberry.lazy("schema.customer_lists")],
        requires=Permission.READ_CUSTOMERS,
        **PAGED,
    )
    created_at: datetime
    created_by = field(tags.created_by, PartnerAdministrator | None)

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether the document is of this type."""
        return isinstance(value, TagDocument)


@strawberry.type
class TagCount:
    """A tag and the number of customers that have it."""

    value: Tag
    count: int
