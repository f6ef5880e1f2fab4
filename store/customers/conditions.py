"""Translates conditions into MongoDB queries; domain.customers.matching gives the same result in memory."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.customers.conditions import (
    AllOf,
    AnyOf,
    Condition,
    ExpiresWithin,
    HasKey,
    HasWordPrefixes,
    InstantInRange,
    Not,
    RenewsWithin,
    ValueCondition,
)
from domain.customers.holding_conditions import HasLowAssignment, HoldingCondition, HoldingEndsWithin
from domain.customers.time_buckets import EXPIRIES, RENEWALS
from domain.entitlements.peer_groups import latest_peer_addition
from domain.text.words import is_decided_by_key, term_key
from domain.time.instants import MIN_INSTANT
from store.database.client import Document
from store.database.word_queries import match_word_start


def condition_query(condition: Condition, now: datetime) -> Document:
    """Return the query of a simplified condition that is neither EVERYTHING nor NOTHING."""
    match condition:
        case AllOf(inner):
            return _all([condition_query(part, now) for part in inner])
        case AnyOf(inner):
            return {"$or": [condition_query(part, now) for part in inner]}
        case Not(negated):
            return {"$nor": [condition_query(negated, now)]}
        case HoldingEndsWithin() | HasLowAssignment():
            return _all([{"keys": equals_any(condition.keys(now).all)}, holding_query(condition, now)])
        case _:
            return _value_query(condition, now)


def _value_query(condition: ValueCondition, now: datetime) -> Document:
    match condition:
        case HasKey(_, keys):
            return {"keys": equals_any(keys)}
        case HasWordPrefixes(words):
            return _all([query for word in words for query in _word_prefix_queries(word)])
        case ExpiresWithin(days):
            until = now + timedelta(days=days)
            return _window_query("expiring_ends", EXPIRIES.window_keys(now, until), now, until)
        case RenewsWithin(days):
            until = now + timedelta(days=days)
            return _window_query("renewing_ends", RENEWALS.coarse_window_keys(now, until), now, until)
        case InstantInRange(field, since, until):
            limits: dict[str, datetime | None] = {"$gte": since or MIN_INSTANT, "$lt": until}
            return {field: {operator: limit for operator, limit in limits.items() if limit is not None}}


def holding_query(condition: HoldingCondition, now: datetime) -> Document:
    """Return the query on the summary of holdings, independent of keys."""
    match condition:
        case HoldingEndsWithin(end_kind, products):
            within_window = {"$elemMatch": {"$gt": now, "$lte": condition.until(now)}}
            return _any([{f"holdings.{product}.{end_kind}_ends": within_window} for product in products])
        case HasLowAssignment():
            is_peer = {"added_at": {"$lte": latest_peer_addition(now)}}
            rates = {product: {**is_peer, "rate": {"$lt": limit}} for product, limit in condition.limits}
            return _any([{f"holdings.{product}.rates": {"$elemMatch": rate}} for product, rate in rates.items()])


def _window_query(field: str, window_keys: Sequence[str], now: datetime, until: datetime) -> Document:
    # The buckets only narrow the documents that are read; the ends decide.
    keys = {"keys": equals_any(window_keys)}
    return _all([keys, {field: {"$elemMatch": {"$gt": now, "$lte": until}}}])


def _word_prefix_queries(term: str) -> list[Document]:
    by_key: Document = {"keys": term_key(term)}
    return [by_key] if is_decided_by_key(term) else [by_key, {"words": match_word_start(term)}]


def equals_any(keys: Sequence[str]) -> str | Document:
    """Match one of the keys. A single key is an equality, which needs no merge."""
    return keys[0] if len(keys) == 1 else {"$in": list(keys)}


def _any(parts: list[Document]) -> Document:
    return parts[0] if len(parts) == 1 else {"$or": parts}


def _all(parts: list[Document]) -> Document:
    return parts[0] if len(parts) == 1 else {"$and": parts}
