"""Objects by global id. The prefix of the id names the type; the scope decides whether the object exists."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from domain.failures import BadUserInput
from domain.messages import translatable
from loaders.relation import RelationLoader
from resolvers.context import Context
from store.database.ids import prefix_of
from store.database.stored_fields import Projection

MAX_IDS = 200


async def node(context: Context, _root: None, id: str, projection: Projection = None) -> Any:
    return (await find_nodes(context, [id], projection))[0]


async def nodes(context: Context, _root: None, ids: Sequence[str], projection: Projection = None) -> list[Any]:
    if len(ids) > MAX_IDS:
        raise BadUserInput(
            translatable(
                "At most {most} ids may be asked for at once; these are {given}.", most=MAX_IDS, given=len(ids)
            )
        )
    return await find_nodes(context, ids, projection)


async def find_nodes(context: Context, ids: Sequence[str], projection: Projection = None) -> list[Any]:
    """Return the objects in the order of the ids, None for each that does not exist for the viewer."""
    by_reader: dict[_Reader, list[str]] = {}
    for id_ in ids:
        if (reader := _READERS.get(prefix_of(id_) or "")) is not None:
            by_reader.setdefault(reader, []).append(id_)
    read = await gather(*(reader(context, some, projection) for reader, some in by_reader.items()))
    objects = {
        id_: each
        for some, values in zip(by_reader.values(), read, strict=True)
        for id_, each in zip(some, values, strict=True)
    }
    return [objects.get(id_) for id_ in ids]


_Reader = Callable[[Context, Sequence[str], Projection], Awaitable[Sequence[Any]]]


def _by_id(relation: str) -> _Reader:
    """Return the reader of a relation whose keys are the ids of its documents, all of which the viewer may see."""

    async def read(context: Context, ids: Sequence[str], projection: Projection) -> Sequence[Any]:
        loader: RelationLoader[str, Any] = getattr(context.loaders, relation)
        return await loader.load_all(ids, projection)

    return read


def _of_customers(relation: str) -> _Reader:
    """Return the reader of a relation whose documents are visible where their customers are."""
    read_all = _by_id(relation)

    async def read(context: Context, ids: Sequence[str], projection: Projection) -> Sequence[Any]:
        return await context.loaders.only_visible(await read_all(context, ids, projection))

    return read


async def _bulk_jobs(context: Context, ids: Sequence[str], _projection: Projection) -> Sequence[Any]:
    return await gather(*map(context.loaders.bulk_jobs.load, ids))


async def _partners(context: Context, ids: Sequence[str], _projection: Projection) -> Sequence[Any]:
    partner = await context.loaders.partner.load(context.viewer.partner_id)
    return [partner if partner is not None and partner.id == id_ else None for id_ in ids]


_ENTITLEMENTS = _of_customers("entitlements")
_READERS: dict[str, _Reader] = {
    "cus": _by_id("customers"),
    "sub": _ENTITLEMENTS,
    "tri": _ENTITLEMENTS,
    "ord": _of_customers("orders"),
    "inv": _of_customers("invoices"),
    "adm": _by_id("administrators"),
    "par": _partners,
    "tag": _by_id("tags"),
    "job": _bulk_jobs,
    "viw": _by_id("views"),
    "res": _by_id("resources"),
    "hlp": _by_id("helpdesk_requests"),
    "evt": _by_id("events"),
    "whk": _by_id("webhooks"),
    "dlv": _by_id("webhook_deliveries"),
    "alr": _by_id("alert_rules"),
    "alt": _of_customers("alerts"),
}
