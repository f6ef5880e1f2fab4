"""The aggregations of a roll-up: from raw calls of one week to sums by customer.

Each pipeline receives the raw rows of some customers, and returns one document per customer whose `_id` is the
customer's id. roll_up.py prepends the `$match` of the rows and appends the `$merge` of the result.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.calling.calls import POOR_JITTER_MS, POOR_LATENCY_MS, POOR_LOSS_PERCENT, CallQuality, QueueOutcome
from domain.calling.figures import MAX_LOW_CALLS, MAX_MEDIUM_CALLS
from store.calling.sums import MEASUREMENT_FIELDS, MEASUREMENTS, sum_fields
from store.database.client import Document

Pipeline = Sequence[Mapping[str, Any]]
_BOUNDS = {"loss": POOR_LOSS_PERCENT, "jitter": POOR_JITTER_MS, "latency": POOR_LATENCY_MS}
# Null sorts below all numbers, so `$gte` is false for a measurement that is missing.
_IS_POOR: Document = {"$or": [{"$gte": [f"${name}", bound]} for name, bound in _BOUNDS.items()]}
_IS_MEASURED: Document = {"$or": [{"$isNumber": f"${name}"} for name in MEASUREMENTS]}
_QUALITY: Document = {
    "$switch": {
        "branches": [
            {"case": _IS_POOR, "then": str(CallQuality.POOR)},
            {"case": _IS_MEASURED, "then": str(CallQuality.GOOD)},
        ],
        "default": str(CallQuality.NOT_AVAILABLE),
    }
}


def _count_if(condition: Document) -> Document:
    return {"$sum": {"$cond": [condition, 1, 0]}}


def _sum_measurements() -> Document:
    sums: Document = {f"{name}_sum": {"$sum": f"${name}"} for name in MEASUREMENTS}
    return sums | {f"{name}_count": _count_if({"$isNumber": f"${name}"}) for name in MEASUREMENTS}


def _sum_calls_of_quality(quality: CallQuality) -> Document:
    return {"$sum": {"$cond": [{"$eq": ["$_id.quality", str(quality)]}, "$calls", 0]}}


# Calls, seconds, calls by endpoint and quality, and the sums and counts of measurements.
QUALITY_PIPELINE: Pipeline = (
    {
        "$group": {
            "_id": {"customer": "$customer_id", "endpoint": "$endpoint", "quality": _QUALITY},
            "calls": {"$sum": 1},
            "seconds": {"$sum": "$seconds"},
            **_sum_measurements(),
        }
    },
    {
        "$group": {
            "_id": "$_id.customer",
            **sum_fields("calls", "seconds", *MEASUREMENT_FIELDS),
            **{quality.lower(): _sum_calls_of_quality(quality) for quality in CallQuality},
            "endpoints": {"$push": {"k": {"$concat": ["$_id.endpoint", "_", "$_id.quality"]}, "v": "$calls"}},
        }
    },
    {"$set": {"endpoints": {"$arrayToObject": "$endpoints"}}},
)

# Users by their number of calls. Calls without a user id have no user; QUALITY_PIPELINE counts them as calls.
USERS_PIPELINE: Pipeline = (
    {"$match": {"user_id": {"$type": "string"}}},
    {"$group": {"_id": {"customer": "$customer_id", "user": "$user_id"}, "calls": {"$sum": 1}}},
    {
        "$group": {
            "_id": "$_id.customer",
            "low": _count_if({"$lte": ["$calls", MAX_LOW_CALLS]}),
            "medium": _count_if({"$and": [{"$gt": ["$calls", MAX_LOW_CALLS]}, {"$lte": ["$calls", MAX_MEDIUM_CALLS]}]}),
            "high": _count_if({"$gt": ["$calls", MAX_MEDIUM_CALLS]}),
        }
    },
)

# Calls by feature; the import stores each feature of a call once.
FEATURES_PIPELINE: Pipeline = (
    {"$unwind": "$features"},
    {"$group": {"_id": {"customer": "$customer_id", "feature": "$features"}, "calls": {"$sum": 1}}},
    {"$group": {"_id": "$_id.customer", "features": {"$push": {"k": "$_id.feature", "v": "$calls"}}}},
    {"$set": {"features": {"$arrayToObject": "$features"}}},
)


def _is_one_of(*outcomes: QueueOutcome) -> Document:
    return {"$in": ["$outcome", [str(outcome) for outcome in outcomes]]}


_IS_ANSWERED = _is_one_of(QueueOutcome.ANSWERED, QueueOutcome.TRANSFERRED)
_IS_ABANDONED = _is_one_of(QueueOutcome.ABANDONED, QueueOutcome.VOICEMAIL)

# Queue calls by outcome, and waiting times in seconds.
QUEUES_PIPELINE: Pipeline = (
    {
        "$group": {
            "_id": "$customer_id",
            "offered": {"$sum": 1},
            "answered": _count_if(_is_one_of(QueueOutcome.ANSWERED)),
            "abandoned": _count_if(_IS_ABANDONED),
            "answer_seconds": {"$sum": {"$cond": [_IS_ANSWERED, "$wait_seconds", 0]}},
            "answer_count": _count_if(_IS_ANSWERED),
            "abandon_seconds": {"$sum": {"$cond": [_IS_ABANDONED, "$wait_seconds", 0]}},
            "abandon_count": _count_if(_IS_ABANDONED),
        }
    },
)
