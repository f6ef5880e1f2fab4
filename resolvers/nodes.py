"""Objects by global id. The prefix of the id names the type; the scope decides whether the object exists."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from domain.failures import BadUserInput
from domain.messages import translatable
from resolvers.context import Context
from store.database.ids import prefix_of

MAX_IDS = 200


async def node(context: Context, _root: None, id: str) -> Any:
    reader = _READERS.get(prefix_of(id) or "")
    return None if reader is None else await reader(context, id)


async def nodes(context: Context, root: None, ids: Sequence[str]) -> list[Any]:
    if len(ids) > MAX_IDS:
        raise BadUserInput(
            translatable(
                "At most {most} ids may be asked for at once; these are {given}.", most=MAX_IDS, given=len(ids)
            )
        )
    return await gather(*(node(context, root, id_) for id_ in ids))


def _customer(context: Context, id_: str) -> Awaitable[Any]:
    return context.loaders.customers.load(id_)


def _entitlement(context: Context, id_: str) -> Awaitable[Any]:
    return context.loaders.find_entitlement(id_)


async def _order(context: Context, id_: str) -> Any:
    return await context.loaders.if_visible(await context.loaders.orders.load(id_))


async def _invoice(context: Context, id_: str) -> Any:
    return await context.loaders.if_visible(await context.loaders.invoices.load(id_))


def _administrator(context: Context, id_: str) -> Awaitable[Any]:
    return context.loaders.administrators.load(id_)


def _tag(context: Context, id_: str) -> Awaitable[Any]:
    return context.loaders.tags.load(id_)


def _view(context: Context, id_: str) -> Awaitable[Any]:
    return context.loaders.views.load(id_)


def _resource(context: Context, id_: str) -> Awaitable[Any]:
    return context.loaders.resources.load(id_)


def _helpdesk_request(context: Context, id_: str) -> Awaitable[Any]:
    return context.loaders.helpdesk_requests.load(id_)


def _event(context: Context, id_: str) -> Awaitable[Any]:
    return context.loaders.events.load(id_)


def _bulk_job(context: Context, id_: str) -> Awaitable[Any]:
    return context.loaders.bulk_jobs.load(id_)


async def _partner(context: Context, id_: str) -> Any:
    partner = await context.loaders.partner.load(context.viewer.partner_id)
    return partner if partner is not None and partner.id == id_ else None


_READERS: dict[str, Callable[[Context, str], Awaitable[Any]]] = {
    "cus": _customer,
    "sub": _entitlement,
    "tri": _entitlement,
    "ord": _order,
    "inv": _invoice,
    "adm": _administrator,
    "par": _partner,
    "tag": _tag,
    "job": _bulk_job,
    "viw": _view,
    "res": _resource,
    "hlp": _helpdesk_request,
    "evt": _event,
}
