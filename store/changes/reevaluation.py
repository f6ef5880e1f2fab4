"""Customers whose statuses rest on settings of before, or that another version wrote, in the order of their names.

They are found without an index of their own: whoever is renamed, or added, while they are walked through is
written with the settings in force, and so is none of them any more.
"""

from domain.customers.keys import ALL_CUSTOMERS_KEY
from store.changes.customer_batch import BATCH_SIZE, BatchBody, CustomerBatch, change_customers
from store.customers.list_planner.orders import KEYS_INDEX
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.keyset import DEFAULT_COLUMNS, keyset_conditions, sort_key_of
from store.database.scope import Scope
from store.licenses.peer_histogram import rebuild_histogram
from store.licenses.weeks import repair_weeks
from store.tenants.partners import SCHEMA_VERSION, PartnerDocument, partner_document

_PROJECTION = {"name_folded": 1}


async def partners_to_reevaluate(client: Client) -> list[PartnerDocument]:
    """The partners whose settings changed and whose customers were not all evaluated since."""
    found = await client.collection("partners").find({"reevaluating": True}, limit=100)
    return [partner_document(partner) for partner in found]


async def reevaluate(scope: Scope, partner: PartnerDocument) -> int:
    """Evaluates every customer that is behind, a slice a transaction; answers how many there were."""
    count = await _evaluate_customers(scope, {"settings_epoch": {"$lt": partner.epoch}}, _no_change)
    if not count:
        # Only where the settings are still those that all customers now rest on.
        where = {**scope.match(), "settings.version": partner.settings["version"]}
        await scope.collection("partners").update_one(where, {"$unset": {"reevaluating": ""}})
    return count


async def migrate(client: Client) -> int:
    """Writes anew, as this version does, every customer that another one wrote; answers how many there were.

    Nobody is told, since no fact changes: call it before anything is read. Several may call it at once.
    """
    count = 0
    for partner in await client.collection("partners").find(
        {"schema_version": {"$ne": SCHEMA_VERSION}}, {"partner_id": 1}
    ):
        scope = Scope(client, partner["partner_id"], utc_now())
        count += await _evaluate_customers(scope, {"schema_version": {"$ne": SCHEMA_VERSION}}, _rebuild_week_sums)
        await rebuild_histogram(scope)
        await scope.collection("partners").update_one(scope.match(), {"$set": {"schema_version": SCHEMA_VERSION}})
    return count


async def partners_to_migrate(client: Client) -> list[str]:
    """The partners whom `migrate` has not brought up yet."""
    found = await client.collection("partners").find({"schema_version": {"$ne": SCHEMA_VERSION}}, {"partner_id": 1})
    return sorted(partner["partner_id"] for partner in found)


async def _evaluate_customers(scope: Scope, behind: Document, body: BatchBody[None]) -> int:
    count, place = 0, None
    while some := await _next_batch(scope, behind, place):
        place = sort_key_of(DEFAULT_COLUMNS, some[-1])
        await change_customers(scope, {"_id": {"$in": [customer["_id"] for customer in some]}}, body)
        count += len(some)
    return count


async def _next_batch(scope: Scope, behind: Document, place: tuple[object, ...] | None) -> list[Document]:
    where: Document = {**scope.match(), "keys": ALL_CUSTOMERS_KEY, **behind}
    if place is not None:
        where["name_folded"] = {"$gte": place[0]}
        where["$or"] = keyset_conditions(DEFAULT_COLUMNS, place, inclusive=False)  # type: ignore[arg-type]
    order = [("name_folded", 1), ("_id", 1)]
    return await scope.collection("customers").find(where, _PROJECTION, sort=order, limit=BATCH_SIZE, hint=KEYS_INDEX)


async def _rebuild_week_sums(batch: CustomerBatch) -> None:
    """Weekly sums rest on snapshots alone, and so no fact of the customers brings them up."""
    await repair_weeks(batch.scope, batch.session, [work.id for work in batch.changes])


async def _no_change(_: CustomerBatch) -> None:
    """Catching up with the settings in force is all."""
