"""Tags: lists and look-ups, and the customers that carry them."""

from collections.abc import Sequence
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
    return _by_name(await _existing(context, customer.tag_ids))[:MAX_TAGS_PER_CUSTOMER]


@dataclass(frozen=True, slots=True)
class TagCount:
    """How many customers have the tag."""

    value: TagDocument
    count: int


async def counts(context: Context, facets: CustomerFacets) -> list[TagCount]:
    """A tag that was deleted may still stand on some customers; it is counted no more."""
    found = await context.loaders.tags.load_many(counted.value for counted in facets.tag)
    pairs = zip(found, facets.tag, strict=True)
    return [TagCount(tag, counted.count) for tag, counted in pairs if tag is not None]


async def customer_count(context: Context, tag: TagDocument) -> int:
    return await context.loaders.tag_counts.load(tag.id)


async def created_by(context: Context, tag: TagDocument) -> AdministratorDocument | None:
    return await context.loaders.find_administrator(tag.created_by)


async def _existing(context: Context, ids: Sequence[str]) -> list[TagDocument]:
    found = await context.loaders.tags.load_many(ids)
    return [tag for tag in found if tag is not None]


def _by_name(found: list[TagDocument]) -> list[TagDocument]:
    return sorted(found, key=lambda tag: (tag.name_folded, tag.id))
