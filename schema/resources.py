"""Resources: guides, trainings, videos and release notes."""

from datetime import date

import strawberry

from resolvers import resources
from schema.costs import VALUES, list_size
from schema.enums import Product, ResourceKind
from schema.fields import Argument, field
from schema.node import PAGED, Connection, Node
from schema.stored_values import shows
from store.organization.resources import ResourceDocument


@strawberry.type
@shows(ResourceDocument)
class Resource(Node):
    """A document or video for administrators."""

    title: str = strawberry.field(description="The title.")
    summary: str = strawberry.field(description="What it is about, in a few sentences.")
    url: str = strawberry.field(description="The address.")
    kind: ResourceKind = strawberry.field(description="The form of the resource.")
    quick_link: bool = strawberry.field(description="Whether it is shown among the quick links.")
    featured: bool = strawberry.field(description="Whether it is recommended.")
    products: list[Product] = strawberry.field(
        directives=[list_size(len(Product)), VALUES], description="The products that it is about."
    )
    updated_on: date = strawberry.field(description="The day of the last update.")


@strawberry.input
class ResourceFilter:
    """Conditions on resources, joined by AND. An absent or null condition imposes no restriction, and an empty list
    matches nothing.
    """

    kind: list[ResourceKind] | None = strawberry.field(
        default=strawberry.UNSET, description="The resource is of one of these kinds."
    )
    product: list[Product] | None = strawberry.field(
        default=strawberry.UNSET, description="The resource is about one of these products."
    )
    quick_link: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether the resource is among the quick links."
    )
    featured: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether the resource is recommended."
    )


@strawberry.type
class ResourceQueries:
    """The field of the root that reads resources."""

    resources = field(
        resources.resources,
        Connection[Resource] | None,
        "The resources, the newest first, those of one day by title.",
        filter=Argument(ResourceFilter | None, description="Only resources that match. Without it, all."),
        search=Argument(
            str | None,
            description=(
                "Every word must be the start of a word of the title or summary. Case and diacritics are "
                "ignored. At most 100 characters."
            ),
        ),
        **PAGED,
    )
