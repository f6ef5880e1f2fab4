"""Resources of the partner."""

from collections.abc import Mapping
from typing import Any

from domain.partner.resources import resource_condition
from resolvers.connections import Connection, build_connection
from resolvers.context import Context
from store.organization.resources import ResourceDocument, Resources


async def resources(
    context: Context,
    _root: None,
    with_page: bool,
    filter: Mapping[str, Any] | None = None,
    search: str | None = None,
    **page: Any,
) -> Connection[ResourceDocument]:
    condition = resource_condition(filter, search)
    return await build_connection(Resources(context.scope).listing(condition), with_page, **page)
