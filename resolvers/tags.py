"""Tags: their list, the tags of customers, and counts."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from domain.customers.tag_rules import MAX_TAGS_OF_CUSTOMER
from domain.partner.views import filter_to_api
from domain.text.search import parse_search
from resolvers.context import Context
from store.customers.customers import CustomerDocument
from store.customers.facets import CustomerFacets
from store.database.stored_fields import Projection, with_fields
from store.tags.documents import TagDocument, Tags
from store.tenants.administrators import AdministratorDocument


async def tags(context: Context, _root: None, search: str | None = None) -> list[TagDocument]:
    return await Tags(context.scope).search(parse_search(search))


async def customer_tags(
    context: Context, customers: Sequence[CustomerDocument], projection: Projection = None
) -> list[list[TagDocument]]:
    """Return the tags of each customer by name. A deleted tag is left out: customers may store its id until cleanup."""
    ids = sorted({id_ for customer in customers for id_ in customer.tag_ids})
    tags = await context.read_tags(ids, with_fields(projection, TagDocument.id, TagDocument.name_folded))
    in_order = sorted((tag for tag in tags if tag is not None), key=lambda tag: (tag.name_folded, tag.id))
    ranks = {tag.id: rank for rank, tag in enumerate(in_order)}
    return [
        [in_order[rank] for rank in sorted([ranks[id_] for id_ in customer.tag_ids if id_ in ranks])][
            :MAX_TAGS_OF_CUSTOMER
        ]
        for customer in customers
    ]


def rule(_context: Context, tag: TagDocument) -> dict[str, Any] | None:
    return filter_to_api(tag.raw_rule)


class TagCount(Struct, frozen=True):
    """How many customers have the tag."""

    value: TagDocument
    count: int


async def counts(context: Context, facets: CustomerFacets) -> list[TagCount]:
    """Return the facet by tag. A deleted tag is left out: customers may store its id until the cleanup."""
    tags = await context.loaders.tags.load_all([counted.value for counted in facets.tag])
    pairs = zip(tags, facets.tag, strict=True)
    return [TagCount(tag, counted.count) for tag, counted in pairs if tag is not None]


async def customer_count(context: Context, tags: Sequence[TagDocument]) -> list[int]:
    return await context.loaders.tag_counts.load_all([tag.id for tag in tags])


async def created_by(
    context: Context, tags: Sequence[TagDocument], projection: Projection = None
) -> list[AdministratorDocument | None]:
    return await context.loaders.find_administrators([tag.created_by for tag in tags], projection)
