"""Counts the customers of a whole partner that match a condition on holdings, on the index of keys."""

from asyncio import gather

from domain.customers.holding_conditions import HoldingCondition
from store.customers.conditions import equals_any, holding_query
from store.customers.orders import KEYS_INDEX
from store.customers.queries import COLLECTION
from store.database.client import Document
from store.database.scope import Scope


async def count_holders(scope: Scope, condition: HoldingCondition) -> int:
    """Count the customers with an exact key from the index alone, and those with only an inexact key from documents."""
    exact, inexact = condition.keys(scope.now)
    undecided = {"keys": equals_any(inexact), "$and": [holding_query(condition, scope.now)]}
    if exact:
        undecided["$nor"] = [{"keys": equals_any(exact)}]
    counts = [_count(scope, undecided), *([_count(scope, {"keys": equals_any(exact)})] if exact else [])]
    return sum(await gather(*counts))


async def _count(scope: Scope, where: Document) -> int:
    return await scope.collection(COLLECTION).count({**scope.match(), **where}, hint=KEYS_INDEX)
