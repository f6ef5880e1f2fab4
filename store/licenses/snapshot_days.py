"""The progress of daily snapshots: a partner's `snapshot_day` is the last day that is complete for every customer."""

from datetime import datetime

from domain.customers.keys import ALL_CUSTOMERS_KEY
from store.customers.orders import KEYS_INDEX
from store.database.client import Client
from store.database.scope import Scope
from store.tenants.partners import PartnerDocument


async def find_partners_behind(client: Client, day: datetime) -> list[tuple[PartnerDocument, datetime | None]]:
    """Return the partners whose snapshots of the day are incomplete, each with its last complete day."""
    partners = await client.collection("partners").find({"snapshot_day": {"$not": {"$gte": day}}})
    return [(PartnerDocument(partner), partner.get("snapshot_day")) for partner in partners]


async def list_partners(client: Client) -> list[tuple[PartnerDocument, datetime | None]]:
    """Return every partner with its last complete day."""
    partners = await client.collection("partners").find({})
    return [(PartnerDocument(partner), partner.get("snapshot_day")) for partner in partners]


async def list_customer_ids(scope: Scope) -> list[str]:
    """Return the ids of all customers that are not removed, read from an index."""
    where = {**scope.match(), "keys": ALL_CUSTOMERS_KEY}
    return await scope.collection("customers").find_ids(where, hint=KEYS_INDEX)


async def mark_day_finished(scope: Scope, day: datetime) -> None:
    """Record that the day is complete for every customer of the partner; an earlier day changes nothing."""
    await scope.collection("partners").update_one(scope.match(), {"$max": {"snapshot_day": day}})
