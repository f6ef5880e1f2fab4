"""Evaluates the customers of a partner whose settings have changed."""

from store.changes.reevaluation import partners_to_reevaluate, reevaluate
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope


async def reevaluate_customers(client: Client) -> int:
    """Evaluate the customers with older settings, of each partner; return how many there were."""
    count = 0
    for partner in await partners_to_reevaluate(client):
        count += await reevaluate(Scope(client, partner.partner_id, utc_now()), partner)
    return count
