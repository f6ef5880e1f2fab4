"""Tags, and the mutations that change them."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.user_errors import UserError
from resolvers.context import Context
from resolvers.mutations import carried_out
from store.administrators import AdministratorDocument
from store.customer_facets import CustomerFacets
from store.mutations import Asked
from store.tag_changes import create_tag as create
from store.tags import TagDocument


@dataclass(frozen=True, slots=True)
class TagPayload:
    """The tag as it is now, or what was wrong."""

    tag: TagDocument | None
    user_errors: Sequence[UserError]


def counts(_context: Context, _facets: CustomerFacets) -> list[object]:
    """No tag exists yet whose id a customer could carry."""
    return []


async def created_by(context: Context, tag: TagDocument) -> AdministratorDocument | None:
    return await context.loaders.administrator(tag.created_by)


async def create_tag(context: Context, asked: Asked) -> TagPayload:
    outcome = await carried_out(context, asked, create)
    return TagPayload(await context.loaders.tag(outcome["tag"]), outcome.user_errors)
