"""How many customers of a whole partner match a condition on what they hold: counted on the index of keys."""

from asyncio import gather

from domain.customers.holding_conditions import HoldingCondition
from store.customers.conditions import equals_any, holding_query
from store.customers.orders import KEYS_INDEX
from store.customers.queries import COLLECTION
from store.database.client import Document
from store.database.scope import Scope


async def count_holders(scope: Scope, condition: HoldingCondition) -> int:
    """Those with a exact key, from the index alone; of the few others with an inexact one, the documents decide."""
    exact, inexact = condition.keys(scope.now)
    left = {"keys": equals_any(inexact), "$and": [holding_query(condition, scope.now)]}
    if exact:
        left["$nor"] = [{"keys": equals_any(exact)}]
    counts = [_count(scope, left), *([_count(scope, {"keys": equals_any(exact)})] if exact else [])]
    return sum(await gather(*counts))


async def _count(scope: Scope, where: Document) -> int:
    return await scope.collection(COLLECTION).count({**scope.match(), **where}, hint=KEYS_INDEX)
