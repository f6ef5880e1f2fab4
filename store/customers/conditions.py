"""A filter's conditions as MongoDB reads them; domain.customer_filter.matches decides the same in memory."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.customers.filter import AllOf, AnyOf, Condition, ExpiresWithin, HasKey, HasWordPrefixes, Not
from domain.customers.holding_conditions import HasLowAssignment, HoldingCondition, HoldingEndsWithin
from domain.customers.keys import expiry_window_keys
from domain.entitlements.peer_groups import latest_peer_addition
from domain.text.folding import PREFIX_LENGTH, WORD_KEY_PREFIX
from store.database.client import Document

# It follows every character that a word can hold, in code points as in the bytes of UTF-8.
_LAST_CHARACTER = "\U0010ffff"


def condition_query(condition: Condition, now: datetime) -> Document:
    """The query of a simplified condition that is neither EVERYTHING nor NOTHING."""
    match condition:
        case HasKey(_, keys):
            return {"keys": equals_any(keys)}
        case HasWordPrefixes(words):
            return _all([one for word in words for one in _word_prefix_queries(word)])
        case ExpiresWithin(days):
            until = now + timedelta(days=days)
            ends = {"expiring_ends": {"$elemMatch": {"$gt": now, "$lte": until}}}
            # The buckets only lead to few documents in order; the ends themselves decide.
            return _all([{"keys": equals_any(expiry_window_keys(now, until))}, ends])
        case HoldingEndsWithin() | HasLowAssignment():
            return _all([{"keys": equals_any(condition.keys(now).all)}, holding_query(condition, now)])
        case AllOf(inner):
            return _all([condition_query(one, now) for one in inner])
        case AnyOf(inner):
            return {"$or": [condition_query(one, now) for one in inner]}
        case Not(inner_one):
            return {"$nor": [condition_query(inner_one, now)]}


def holding_query(condition: HoldingCondition, now: datetime) -> Document:
    """What a customer's summary of holdings says, whatever its keys are."""
    match condition:
        case HoldingEndsWithin(which, products):
            ahead = {"$elemMatch": {"$gt": now, "$lte": condition.until(now)}}
            return _any([{f"holdings.{product}.{which}_ends": ahead} for product in products])
        case HasLowAssignment(_, thresholds):
            old = {"added_at": {"$lte": latest_peer_addition(now)}}
            low = [(product, {"$elemMatch": {**old, "rate": {"$lt": limit}}}) for product, limit in thresholds]
            return _any([{f"holdings.{product}.rates": rates} for product, rates in low])


def _word_prefix_queries(word: str) -> list[Document]:
    by_key: Document = {"keys": WORD_KEY_PREFIX + word[:PREFIX_LENGTH]}
    if len(word) <= PREFIX_LENGTH:
        return [by_key]
    return [by_key, {"words": {"$elemMatch": {"$gte": word, "$lt": word + _LAST_CHARACTER}}}]


def equals_any(keys: Sequence[str]) -> str | Document:
    """One of the keys; a single one by itself, which needs no merging."""
    return keys[0] if len(keys) == 1 else {"$in": list(keys)}


def _any(parts: list[Document]) -> Document:
    return parts[0] if len(parts) == 1 else {"$or": parts}


def _all(parts: list[Document]) -> Document:
    return parts[0] if len(parts) == 1 else {"$and": parts}
