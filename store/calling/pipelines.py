"""The aggregations of a roll-up: from legs and queue calls of one week to sums by customer.

Each pipeline receives the rows of some customers, and returns one document per customer whose `_id` is the customer's
id. roll_up.py prepends the `$match` of the rows and appends the `$merge` of the result. A pipeline that counts calls
groups legs into calls first. So the sums depend only on the stored legs, not on the order in which they arrived.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.calling.calls import (
    ABANDONED_OUTCOMES,
    ANSWERED_OUTCOMES,
    PERSON_USER_TYPES,
    POOR_JITTER_MS,
    POOR_LATENCY_MS,
    POOR_LOSS_PERCENT,
    TIME_TO_ABANDON_OUTCOMES,
    TIME_TO_ANSWER_OUTCOMES,
    TRANSFERRED_OUTCOMES,
    CallQuality,
    QueueOutcome,
)
from domain.calling.figures import MAX_LOW_CALLS, MAX_MEDIUM_CALLS
from store.calling.sums import MEASUREMENT_FIELDS, MEASUREMENTS, sum_fields
from store.database.client import Document

Pipeline = Sequence[Mapping[str, Any]]
_BOUNDS = {"loss": POOR_LOSS_PERCENT, "jitter": POOR_JITTER_MS, "latency": POOR_LATENCY_MS}
# Null sorts below all numbers, so `$gte` is false for a measurement that is missing.
_IS_POOR: Document = {"$or": [{"$gte": [f"${name}", bound]} for name, bound in _BOUNDS.items()]}
_IS_MEASURED: Document = {"$or": [{"$isNumber": f"${name}"} for name in MEASUREMENTS]}
# A call has the highest of its legs' ranks: POOR where one leg is, else GOOD where one leg was measured.
_RANKS = {CallQuality.NOT_AVAILABLE: 0, CallQuality.GOOD: 1, CallQuality.POOR: 2}
_QUALITY_RANK: Document = {
    "$switch": {
        "branches": [
            {"case": _IS_POOR, "then": _RANKS[CallQuality.POOR]},
            {"case": _IS_MEASURED, "then": _RANKS[CallQuality.GOOD]},
        ],
        "default": _RANKS[CallQuality.NOT_AVAILABLE],
    }
}
_QUALITY_NAME: Document = {"$arrayElemAt": [[str(quality) for quality in _RANKS], _QUALITY_RANK]}
# The call of a leg, within its customer and week. The object that a leg without a Correlation ID has instead equals no
# Correlation ID.
_CALL: Document = {"$ifNull": ["$correlation_id", {"report_id": "$report_id"}]}
_CUSTOMER_CALL: Document = {"customer": "$customer_id", "call": _CALL}


def _count_if(condition: Document) -> Document:
    return {"$sum": {"$cond": [condition, 1, 0]}}


def _sum_measurements() -> Document:
    sums: Document = {f"{name}_sum": {"$sum": f"${name}"} for name in MEASUREMENTS}
    return sums | {f"{name}_count": _count_if({"$isNumber": f"${name}"}) for name in MEASUREMENTS}


# Calls by quality, and the seconds of each call's longest leg.
CALLS_PIPELINE: Pipeline = (
    {"$group": {"_id": _CUSTOMER_CALL, "seconds": {"$max": "$seconds"}, "quality": {"$max": _QUALITY_RANK}}},
    {
        "$group": {
            "_id": "$_id.customer",
            "calls": {"$sum": 1},
            **sum_fields("seconds"),
            **{quality.lower(): _count_if({"$eq": ["$quality", rank]}) for quality, rank in _RANKS.items()},
        }
    },
)

# Legs by endpoint and quality, and the sums and counts of their measurements.
LEGS_PIPELINE: Pipeline = (
    {
        "$group": {
            "_id": {"customer": "$customer_id", "endpoint": "$endpoint", "quality": _QUALITY_NAME},
            "legs": {"$sum": 1},
            **_sum_measurements(),
        }
    },
    {
        "$group": {
            "_id": "$_id.customer",
            **sum_fields(*MEASUREMENT_FIELDS),
            "endpoints": {"$push": {"k": {"$concat": ["$_id.endpoint", "_", "$_id.quality"]}, "v": "$legs"}},
        }
    },
    {"$set": {"endpoints": {"$arrayToObject": "$endpoints"}}},
)

# Persons by their number of calls. A leg of anything else belongs to a call and to no person.
USERS_PIPELINE: Pipeline = (
    {"$match": {"user_id": {"$type": "string"}, "delivered.user_type": {"$in": list(PERSON_USER_TYPES)}}},
    {"$group": {"_id": {**_CUSTOMER_CALL, "user": "$user_id"}}},
    {"$group": {"_id": {"customer": "$_id.customer", "user": "$_id.user"}, "calls": {"$sum": 1}}},
    {
        "$group": {
            "_id": "$_id.customer",
            "low": _count_if({"$lte": ["$calls", MAX_LOW_CALLS]}),
            "medium": _count_if({"$and": [{"$gt": ["$calls", MAX_LOW_CALLS]}, {"$lte": ["$calls", MAX_MEDIUM_CALLS]}]}),
            "high": _count_if({"$gt": ["$calls", MAX_MEDIUM_CALLS]}),
        }
    },
)

# Calls by feature: a call has a feature where one of its legs has it.
FEATURES_PIPELINE: Pipeline = (
    {"$unwind": "$features"},
    {"$group": {"_id": {**_CUSTOMER_CALL, "feature": "$features"}}},
    {"$group": {"_id": {"customer": "$_id.customer", "feature": "$_id.feature"}, "calls": {"$sum": 1}}},
    {"$group": {"_id": "$_id.customer", "features": {"$push": {"k": "$_id.feature", "v": "$calls"}}}},
    {"$set": {"features": {"$arrayToObject": "$features"}}},
)


def _is_one_of(outcomes: Sequence[QueueOutcome]) -> Document:
    return {"$in": ["$outcome", [str(outcome) for outcome in outcomes]]}


def _sum_wait(outcomes: Sequence[QueueOutcome]) -> Document:
    return {"$sum": {"$cond": [_is_one_of(outcomes), "$wait_seconds", 0]}}


# Queue calls by outcome, and waiting times in seconds.
QUEUES_PIPELINE: Pipeline = (
    {
        "$group": {
            "_id": "$customer_id",
            "offered": {"$sum": 1},
            "answered": _count_if(_is_one_of(ANSWERED_OUTCOMES)),
            "transferred": _count_if(_is_one_of(TRANSFERRED_OUTCOMES)),
            "abandoned": _count_if(_is_one_of(ABANDONED_OUTCOMES)),
            "answer_seconds": _sum_wait(TIME_TO_ANSWER_OUTCOMES),
            "answer_count": _count_if(_is_one_of(TIME_TO_ANSWER_OUTCOMES)),
            "abandon_seconds": _sum_wait(TIME_TO_ABANDON_OUTCOMES),
            "abandon_count": _count_if(_is_one_of(TIME_TO_ABANDON_OUTCOMES)),
        }
    },
)
