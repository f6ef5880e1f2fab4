"""The query of a list of customers: the scope's sight and the filter's condition, as the index of keys wants it."""

from domain.customer_filter import EVERYTHING, NOTHING, Condition
from store.client import Document
from store.customer_conditions import condition_query, leads_by_key
from store.scope import EVERYBODY, Scope

COLLECTION = "customers"


def is_empty(wanted: Condition) -> bool:
    """Whether nobody needs to ask the database."""
    return wanted == NOTHING


def customers_where(scope: Scope, wanted: Condition, also: Document | None = None) -> Document:
    """The query of a simplified condition that is not empty, with what else is known of its matches."""
    where = scope.match_customers()
    if wanted == EVERYTHING:
        return where
    if where["keys"] == EVERYBODY and leads_by_key(wanted):
        # Whoever carries any key carries this one; a second key would make the planner weigh it in vain.
        del where["keys"]
    return {**where, "$and": [condition_query(wanted, scope.now), *([also] if also else [])]}
