"""Translates conditions into MongoDB queries; domain.customers.filter.matches gives the same result in memory."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.customers.filter import AllOf, AnyOf, Condition, ExpiresWithin, HasKey, HasWordPrefixes, Not
from domain.customers.holding_conditions import HasLowAssignment, HoldingCondition, HoldingEndsWithin
from domain.customers.keys import expiry_window_keys
from domain.entitlements.peer_groups import latest_peer_addition
from domain.text.folding import PREFIX_LENGTH, WORD_KEY_PREFIX
from store.database.client import Document

# The highest code point, which sorts after every character of a word, in code points and in the bytes of UTF-8.
_LAST_CHARACTER = "\U0010ffff"


def condition_query(condition: Condition, now: datetime) -> Document:
    """Return the query of a simplified condition that is neither EVERYTHING nor NOTHING."""
    match condition:
        case HasKey(_, keys):
            return {"keys": equals_any(keys)}
        case HasWordPrefixes(words):
            return _all([query for word in words for query in _word_prefix_queries(word)])
        case ExpiresWithin(days):
            until = now + timedelta(days=days)
            ends = {"expiring_ends": {"$elemMatch": {"$gt": now, "$lte": until}}}
            # The buckets only narrow the documents that are read; the ends decide.
            return _all([{"keys": equals_any(expiry_window_keys(now, until))}, ends])
        case HoldingEndsWithin() | HasLowAssignment():
            return _all([{"keys": equals_any(condition.keys(now).all)}, holding_query(condition, now)])
        case AllOf(inner):
            return _all([condition_query(part, now) for part in inner])
        case AnyOf(inner):
            return {"$or": [condition_query(part, now) for part in inner]}
        case Not(negated):
            return {"$nor": [condition_query(negated, now)]}


def holding_query(condition: HoldingCondition, now: datetime) -> Document:
    """Return the query on the summary of holdings, independent of keys."""
    match condition:
        case HoldingEndsWithin(end_kind, products):
            within_window = {"$elemMatch": {"$gt": now, "$lte": condition.until(now)}}
            return _any([{f"holdings.{product}.{end_kind}_ends": within_window} for product in products])
        case HasLowAssignment(_, thresholds):
            is_peer = {"added_at": {"$lte": latest_peer_addition(now)}}
            low_rates = {product: {"$elemMatch": {**is_peer, "rate": {"$lt": limit}}} for product, limit in thresholds}
            return _any([{f"holdings.{product}.rates": rates} for product, rates in low_rates.items()])


def _word_prefix_queries(word: str) -> list[Document]:
    by_key: Document = {"keys": WORD_KEY_PREFIX + word[:PREFIX_LENGTH]}
    if len(word) <= PREFIX_LENGTH:
        return [by_key]
    return [by_key, {"words": {"$elemMatch": {"$gte": word, "$lt": word + _LAST_CHARACTER}}}]


def equals_any(keys: Sequence[str]) -> str | Document:
    """Match one of the keys. A single key is an equality, which needs no merge."""
    return keys[0] if len(keys) == 1 else {"$in": list(keys)}


def _any(parts: list[Document]) -> Document:
    return parts[0] if len(parts) == 1 else {"$or": parts}


def _all(parts: list[Document]) -> Document:
    return parts[0] if len(parts) == 1 else {"$and": parts}
