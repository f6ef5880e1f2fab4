"""The keys by which all matches are read, for counts, facets and bulk changes."""

from domain.customers.conditions import Condition
from domain.customers.keys import Keys
from store.customers.list_planner.index_candidates import ListQuery, candidate_keys
from store.customers.list_planner.key_statistics import KeyStatistics
from store.customers.orders import CustomerOrder
from store.database.scope import Scope


async def choose_rarest_keys(scope: Scope, wanted: Condition) -> Keys:
    """Return the keys by which the fewest customers are read; count the candidates where there are several."""
    alternatives = candidate_keys(ListQuery(wanted, CustomerOrder(), scope.visibility_key, scope.now))
    if len(alternatives) == 1:
        return alternatives[0]
    counts = await KeyStatistics(scope).count(alternatives)
    return min(alternatives, key=lambda keys: counts[keys])
