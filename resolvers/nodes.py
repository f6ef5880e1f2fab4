"""Anything by its global id: the prefix is the type, and the scope decides what exists."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from domain.failures import BadUserInput
from resolvers.context import Context
from store.ids import prefix_of

MOST_IDS = 200


async def node(context: Context, _root: None, id: str) -> Any:
    reader = _READERS.get(prefix_of(id) or "")
    return None if reader is None else await reader(context, id)


async def nodes(context: Context, root: None, ids: Sequence[str]) -> list[Any]:
    if len(ids) > MOST_IDS:
        raise BadUserInput(f"At most {MOST_IDS} ids may be asked for at once; these are {len(ids)}.")
    return await gather(*(node(context, root, id_) for id_ in ids))


async def _customer(context: Context, id_: str) -> Any:
    return await context.loaders.customers.get(id_)


async def _entitlement(context: Context, id_: str) -> Any:
    """A subscription or trial exists where its customer does."""
    found = await context.loaders.entitlements.get(id_)
    if found is None or await context.loaders.customers.get(found.customer_id) is None:
        return None
    return found


async def _administrator(context: Context, id_: str) -> Any:
    return await context.loaders.administrators.get(id_)


async def _tag(context: Context, id_: str) -> Any:
    return await context.loaders.tags.get(id_)


async def _partner(context: Context, id_: str) -> Any:
    found = await context.loaders.partner.get(context.viewer.partner_id)
    return found if found is not None and found.id == id_ else None


_READERS: dict[str, Callable[[Context, str], Awaitable[Any]]] = {
    "cus": _customer,
    "sub": _entitlement,
    "tri": _entitlement,
    "adm": _administrator,
    "par": _partner,
    "tag": _tag,
}
