"""The query of a list of customers: the scope's sight, the keys to read by, and the filter's condition."""

from collections.abc import Sequence

from domain.customers.filter import Condition, HasKey, HasWordPrefixes, Not, conjuncts
from domain.customers.keys import ALL_CUSTOMERS_KEY, Keys, absence_key
from domain.text.folding import PREFIX_LENGTH, WORD_KEY_PREFIX
from store.customers.conditions import condition_query, equals_any
from store.database.client import Document
from store.database.scope import Scope

COLLECTION = "customers"


def customers_query(scope: Scope, wanted: Condition, keys: Keys = ()) -> Document:
    """The query of a simplified condition that is not empty; `keys` are some of which every match has one."""
    where = scope.match_customers()
    sight = where["keys"]
    checked = _residual_conditions(scope, wanted, [keys])
    if keys and keys != (sight,):
        # Whoever carries any key carries everybody's; an administrator's own is checked.
        checked += [] if sight == ALL_CUSTOMERS_KEY else [{"keys": sight}]
        where["keys"] = equals_any(keys)
    if checked:
        # A condition denied twice is one that the planner cannot take for another way into the index of keys, where it
        # would not choose by what is rare.
        where["$nor"] = [{"$nor": [{"$and": checked}]}]
    return where


def residual_query(scope: Scope, wanted: Condition, key_sets: Sequence[Keys]) -> Document:
    """The query of a simplified condition but for the leads, of which one or all are to be read by."""
    where = scope.match_customers()
    sight = where.pop("keys")
    checked = _residual_conditions(scope, wanted, key_sets)
    if sight != ALL_CUSTOMERS_KEY and (sight,) not in key_sets:
        checked.append({"keys": sight})
    return {**where, **({"$nor": [{"$nor": [{"$and": checked}]}]} if checked else {})}


def _residual_conditions(scope: Scope, wanted: Condition, key_sets: Sequence[Keys]) -> list[Document]:
    """The queries of what carrying a key of each of the leads does not say already."""
    return [condition_query(one, scope.now) for one in conjuncts(wanted) if _equivalent_keys(one) not in key_sets]


def _equivalent_keys(condition: Condition) -> Keys | None:
    """The keys of which carrying one is all that the condition asks."""
    match condition:
        case HasKey(_, keys):
            return keys
        case Not(HasKey(_, (key,))):
            return (absence_key(key),)
        case HasWordPrefixes((word,)) if len(word) <= PREFIX_LENGTH:
            return (WORD_KEY_PREFIX + word,)
        case _:
            return None
