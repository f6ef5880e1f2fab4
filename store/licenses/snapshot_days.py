"""How far each partner's daily snapshots have come; a day stands behind its partner once every customer has it."""

from datetime import datetime

from domain.customers.keys import ALL_CUSTOMERS_KEY
from store.customers.orders import KEYS_INDEX
from store.database.client import Client
from store.database.scope import Scope
from store.tenants.partners import PartnerDocument, partner_document


async def find_partners_behind(client: Client, day: datetime) -> list[tuple[PartnerDocument, datetime | None]]:
    """The partners whose snapshots of the day are still to be taken, with the last day that they have: for the job."""
    found = await client.collection("partners").find({"snapshot_day": {"$not": {"$gte": day}}})
    return [(partner_document(partner), partner.get("snapshot_day")) for partner in found]


async def list_partners(client: Client) -> list[tuple[PartnerDocument, datetime | None]]:
    """Every partner, with the last day that it has."""
    found = await client.collection("partners").find({})
    return [(partner_document(partner), partner.get("snapshot_day")) for partner in found]


async def list_customer_ids(scope: Scope) -> list[str]:
    """The ids of the customers that exist, read at one moment from an index."""
    where = {**scope.match(), "keys": ALL_CUSTOMERS_KEY}
    return [one["_id"] for one in await scope.collection("customers").find(where, {"_id": 1}, hint=KEYS_INDEX)]


async def mark_day_finished(scope: Scope, day: datetime) -> None:
    """Notes that every customer of the partner has its snapshots of the day; an earlier day changes nothing."""
    await scope.collection("partners").update_one(scope.match(), {"$max": {"snapshot_day": day}})
