"""Tags: their list, the tags of customers, and counts."""

from collections.abc import Awaitable
from dataclasses import dataclass

from domain.partner.tags import MAX_TAGS_PER_CUSTOMER
from domain.text.search import parse_search
from resolvers.context import Context
from store.customers.customers import CustomerDocument
from store.customers.facets import CustomerFacets
from store.tags.documents import TagDocument, Tags
from store.tenants.administrators import AdministratorDocument


async def tags(context: Context, _root: None, search: str | None = None) -> list[TagDocument]:
    return await Tags(context.scope).search(parse_search(search))


async def customer_tags(context: Context, customer: CustomerDocument) -> list[TagDocument]:
    tags = [tag for tag in await context.loaders.tags.load_many(customer.tag_ids) if tag is not None]
    return sorted(tags, key=lambda tag: (tag.name_folded, tag.id))[:MAX_TAGS_PER_CUSTOMER]


@dataclass(frozen=True, slots=True)
class TagCount:
    """How many customers have the tag."""

    value: TagDocument
    count: int


async def counts(context: Context, facets: CustomerFacets) -> list[TagCount]:
    """Return the facet by tag. A deleted tag is left out: customers may store its id until the cleanup."""
    tags = await context.loaders.tags.load_many(counted.value for counted in facets.tag)
    pairs = zip(tags, facets.tag, strict=True)
    return [TagCount(tag, counted.count) for tag, counted in pairs if tag is not None]


def customer_count(context: Context, tag: TagDocument) -> Awaitable[int]:
    return context.loaders.tag_counts.load(tag.id)


async def created_by(context: Context, tag: TagDocument) -> AdministratorDocument | None:
    return await context.loaders.find_administrator(tag.created_by)
