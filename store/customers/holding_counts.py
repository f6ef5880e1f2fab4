"""How many customers of a whole partner match a condition on what they hold: counted on the index of keys."""

from asyncio import gather

from domain.customers.holding_conditions import HoldingCondition
from store.customers.conditions import holding_query, one_of
from store.customers.list_planner.orders import KEYS_INDEX
from store.customers.queries import COLLECTION
from store.database.client import Document
from store.database.scope import Scope


async def count_holders(scope: Scope, condition: HoldingCondition) -> int:
    """Those with a sure key, from the index alone; of the few others with an unsure one, the documents decide."""
    sure, unsure = condition.keys(scope.now)
    left = {"keys": one_of(unsure), "$and": [holding_query(condition, scope.now)]}
    if sure:
        left["$nor"] = [{"keys": one_of(sure)}]
    counts = [_count(scope, left), *([_count(scope, {"keys": one_of(sure)})] if sure else [])]
    return sum(await gather(*counts))


async def _count(scope: Scope, where: Document) -> int:
    return await scope.collection(COLLECTION).count({**scope.match(), **where}, hint=KEYS_INDEX)
