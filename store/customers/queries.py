"""The query of a list of customers: the scope's visibility, the keys to read by, and the filter's condition."""

from collections.abc import Sequence

from domain.customers.conditions import Condition, HasKey, HasWordPrefixes, Not, conjuncts
from domain.customers.keys import ALL_CUSTOMERS_KEY, Keys, absence_key
from domain.text.words import is_decided_by_key, term_key
from store.customers.conditions import condition_query, equals_any
from store.database.client import Document
from store.database.scope import Scope

COLLECTION = "customers"


def customers_query(scope: Scope, wanted: Condition, keys: Keys = ()) -> Document:
    """Return the query of a simplified condition that is not NOTHING, read by `keys`, of which every match has one."""
    where = scope.match_customers()
    visibility_key = where["keys"]
    residual = _residual_conditions(scope, wanted, [keys])
    if keys and keys != (visibility_key,):
        # A customer with any key has the key of all customers too. An administrator's own key has to be checked.
        residual += [] if visibility_key == ALL_CUSTOMERS_KEY else [{"keys": visibility_key}]
        where["keys"] = equals_any(keys)
    return where | _hidden_from_planner(residual)


def residual_query(scope: Scope, wanted: Condition, key_sets: Sequence[Keys]) -> Document:
    """Return the query of a simplified condition without the conditions on the key sets that it is read by."""
    where = scope.match_customers()
    visibility_key = where.pop("keys")
    residual = _residual_conditions(scope, wanted, key_sets)
    if visibility_key != ALL_CUSTOMERS_KEY and (visibility_key,) not in key_sets:
        residual.append({"keys": visibility_key})
    return where | _hidden_from_planner(residual)


def _hidden_from_planner(residual: Sequence[Document]) -> Document:
    """Negate the conditions twice, so that MongoDB's planner cannot use one of them for a scan of a common key."""
    return {"$nor": [{"$nor": [{"$and": list(residual)}]}]} if residual else {}


def _residual_conditions(scope: Scope, wanted: Condition, key_sets: Sequence[Keys]) -> list[Document]:
    """Return the queries of the conditions that a key of each key set does not decide."""
    return [condition_query(part, scope.now) for part in conjuncts(wanted) if _equivalent_keys(part) not in key_sets]


def _equivalent_keys(condition: Condition) -> Keys | None:
    """Return the keys that decide the condition: a customer matches exactly if it has one of them."""
    match condition:
        case HasKey(_, keys):
            return keys
        case Not(HasKey(_, (key,))):
            return (absence_key(key),)
        case HasWordPrefixes((term,)) if is_decided_by_key(term):
            return (term_key(term),)
        case _:
            return None
