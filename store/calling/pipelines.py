"""The aggregations that turn the raw calls of a partner's week into sums by customer: one for each question.

Each begins with `$group` over raw rows of some customers, and ends with one document a customer whose `_id` is the
customer's; `store/calling/roll_up.py` says where it begins and where it goes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.calling.calls import POOR_JITTER_MS, POOR_LATENCY_MS, POOR_LOSS_PERCENT, CallQuality, QueueOutcome
from domain.calling.figures import MAX_LOW_CALLS, MAX_MEDIUM_CALLS
from store.calling.sums import MEASUREMENT_FIELDS, MEASUREMENTS, sum_fields
from store.database.client import Document

Pipeline = Sequence[Mapping[str, Any]]
_BOUNDS = {"loss": POOR_LOSS_PERCENT, "jitter": POOR_JITTER_MS, "latency": POOR_LATENCY_MS}
# No comparison with a number is ever true of null, which stands below them all.
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


# Calls, their length, their quality by endpoint, and what was measured.
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

# Users by how many calls they had; a call of nobody known is a call all the same.
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

# Calls by feature; a call names each of its features once.
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

# What became of queue calls.
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
