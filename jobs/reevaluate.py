"""Evaluates the customers of a partner whose settings have changed."""

from store.client import Client
from store.clock import utc_now
from store.reevaluation import reevaluate, waiting_partners
from store.scope import Scope


async def reevaluate_customers(client: Client) -> int:
    """Runs through each partner whose settings changed; answers how many customers were behind."""
    count = 0
    for partner in await waiting_partners(client):
        count += await reevaluate(Scope(client, partner.partner_id, utc_now()), partner)
    return count
