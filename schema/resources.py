"""Resources: guides, trainings, videos and release notes."""

from datetime import date
from typing import Any

import strawberry

from resolvers import resources
from schema.connections import Connection
from schema.enums import Product, ResourceKind
from schema.fields import Argument, field
from schema.node import PAGED, Node
from store.organization.resources import ResourceDocument


@strawberry.type
class Resource(Node):
    """A document or video for administrators."""

    title: str
    summary: str
    url: str
    kind: ResourceKind
    quick_link: bool
    featured: bool
    products: list[Product]
    updated_on: date

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether the document is of this type."""
        return isinstance(value, ResourceDocument)


@strawberry.input
class ResourceFilter:
    """An absent or null condition is ignored, an empty list matches nothing."""

    kind: list[ResourceKind] | None = strawberry.UNSET
    product: list[Product] | None = strawberry.UNSET
    quick_link: bool | None = strawberry.UNSET
    featured: bool | None = strawberry.UNSET


@strawberry.type
class ResourceQueries:
    """The field of the root that reads resources."""

    resources = field(
        resources.resources,
        Connection[Resource] | None,
        "The newest first, those of one day by title. Every word of the search must begin one of title or summary.",
        filter=Argument(ResourceFilter | None),
        search=Argument(str | None),
        **PAGED,
    )
