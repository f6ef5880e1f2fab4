"""Evaluates the customers of a partner whose settings have changed, in the order of their names.

No index of its own finds the customers with an older settings epoch. A customer that is renamed or added while this
runs is written with the current settings, so a scan in the order of names misses none of the others.
"""

from domain.customers.keys import ALL_CUSTOMERS_KEY
from store.changes.customer_batch import BATCH_SIZE, evaluate_customers
from store.customers.orders import KEYS_INDEX
from store.database.client import Client, Document
from store.database.keyset import DEFAULT_COLUMNS, keyset_conditions, sort_key_of
from store.database.scope import Scope
from store.tenants.partners import PartnerDocument, partner_document


async def partners_to_reevaluate(client: Client) -> list[PartnerDocument]:
    """Return at most 100 partners whose customers have not all been evaluated since the settings changed."""
    documents = await client.collection("partners").find({"reevaluating": True}, limit=100)
    return [partner_document(document) for document in documents]


async def reevaluate(scope: Scope, partner: PartnerDocument) -> int:
    """Evaluate every customer with an older settings epoch, one transaction per batch; return how many there were."""
    count, last_key = 0, None
    while customers := await _next_batch(scope, partner.epoch, last_key):
        last_key = sort_key_of(DEFAULT_COLUMNS, customers[-1])
        await evaluate_customers(scope, [customer["_id"] for customer in customers])
        count += len(customers)
    if not count:
        # The condition fails where the settings have changed again since the partner was read.
        where = {**scope.match(), "settings.version": partner.settings["version"]}
        await scope.collection("partners").update_one(where, {"$unset": {"reevaluating": ""}})
    return count


async def _next_batch(scope: Scope, epoch: int, last_key: tuple[object, ...] | None) -> list[Document]:
    where: Document = {**scope.match(), "keys": ALL_CUSTOMERS_KEY, "settings_epoch": {"$lt": epoch}}
    if last_key is not None:
        where["name_folded"] = {"$gte": last_key[0]}
        where["$or"] = keyset_conditions(DEFAULT_COLUMNS, last_key, inclusive=False)  # type: ignore[arg-type]
    return await scope.collection("customers").find(
        where, {"name_folded": 1}, sort=[("name_folded", 1), ("_id", 1)], limit=BATCH_SIZE, hint=KEYS_INDEX
    )
