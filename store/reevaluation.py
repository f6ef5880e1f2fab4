"""Customers whose statuses still rest on settings of before, in the order of their names.

They are found without an index of their own: whoever is renamed, or added, while they are walked through is
written with the settings in force, and so is none of them any more.
"""

from domain.customer_keys import EVERYBODY
from store.client import Client, Document
from store.customer_orders import DEFAULT_COLUMNS, KEYS_INDEX, from_place, place_of
from store.customer_slices import SLICE, CustomerSlice, change_customers
from store.partners import PartnerDocument, partner_document
from store.scope import Scope

_PROJECTION = {"name_folded": 1}


async def waiting_partners(client: Client) -> list[PartnerDocument]:
    """The partners whose settings changed and whose customers were not all evaluated since."""
    found = await client.collection("partners").find({"reevaluating": True}, limit=100)
    return [partner_document(partner) for partner in found]


async def reevaluate(scope: Scope, partner: PartnerDocument) -> int:
    """Evaluates every customer that is behind, a slice a transaction; answers how many there were."""
    count, place = 0, None
    while some := await _behind(scope, partner.epoch, place):
        place = place_of(DEFAULT_COLUMNS, some[-1])
        await change_customers(scope, {"_id": {"$in": [customer["_id"] for customer in some]}}, _nothing_more)
        count += len(some)
    if not count:
        # Only where the settings are still those that all customers now rest on.
        where = {**scope.match(), "settings.version": partner.settings["version"]}
        await scope.collection("partners").update_one(where, {"$unset": {"reevaluating": ""}})
    return count


async def _behind(scope: Scope, epoch: int, place: tuple[object, ...] | None) -> list[Document]:
    where: Document = {**scope.match(), "keys": EVERYBODY, "settings_epoch": {"$lt": epoch}}
    if place is not None:
        where["name_folded"] = {"$gte": place[0]}
        where["$or"] = from_place(DEFAULT_COLUMNS, place, inclusive=False)  # type: ignore[arg-type]
    order = [("name_folded", 1), ("_id", 1)]
    return await scope.collection("customers").find(where, _PROJECTION, sort=order, limit=SLICE, hint=KEYS_INDEX)


async def _nothing_more(_: CustomerSlice) -> None:
    """Catching up with the settings in force is all."""
