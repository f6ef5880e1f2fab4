"""The sums of weeks over all customers in sight: trends, quality by endpoint, features and queues."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.calling.calls import CallFeature
from domain.calling.figures import (
    QUEUE_WEEKS,
    EndpointQuality,
    FeatureUse,
    QualityPoint,
    QueueInsights,
    Sums,
    by_endpoint,
    completed_weeks,
    insights,
    qualities,
)
from store.calling.reading import CallReading
from store.calling.sums import CELLS, COLLECTION, NUMBERS, OF_QUEUES, QUEUES_INDEX, sum_inside, sum_of
from store.database.client import Document

_ABANDONED_PERCENT: Document = {"$divide": [{"$multiply": ["$abandoned", 100]}, "$offered"]}
_HAS_QUEUE: Document = {"offered": {"$gt": 0}}


async def quality_trend(reading: CallReading, weeks: Sequence[datetime]) -> list[QualityPoint]:
    """One point a week, in their order."""
    found = await totals(reading, weeks)
    return [QualityPoint(week_start=week.date(), **qualities(found[week])) for week in weeks]


async def quality_by_endpoint(reading: CallReading) -> list[EndpointQuality]:
    """Every endpoint in its order."""
    return by_endpoint((await totals(reading, [reading.week]))[reading.week])


async def totals(reading: CallReading, weeks: Sequence[datetime]) -> dict[datetime, Sums]:
    """The sums of each week over the customers in sight; nothing where a week has none.

    Those over all customers are kept with the roll-up; only what removed customers had is taken away from them.
    """
    if reading.seen is not None:
        return {week: {} for week in weeks} | await _added_up(reading, weeks, reading.in_sight)
    kept: dict[datetime, Sums] = {week: reading.states.get(week, {}).get("sums", {}) for week in weeks}
    if not reading.removed:
        return kept
    gone = await _added_up(reading, weeks, {"customer_id": {"$in": list(reading.removed)}})
    return kept | {week: _without(kept[week], sums) for week, sums in gone.items()}


async def _added_up(reading: CallReading, weeks: Sequence[datetime], whose: Document) -> dict[datetime, Sums]:
    stages = [
        {"$match": {**reading.any_sums_of(*weeks), **whose}},
        {"$group": {"_id": "$week", **sum_of(*NUMBERS), **sum_inside("endpoints", CELLS)}},
    ]
    found = await reading.scope.collection(COLLECTION).aggregate(stages)
    return {one["_id"]: {**one, "endpoints": {cell: one[cell] for cell in CELLS}} for one in found}


def _without(sums: Sums, part: Sums) -> Sums:
    """What is left of sums without a part of them, however deep."""
    return {
        name: _without(value, part[name]) if isinstance(value, Mapping) else value - part[name]
        for name, value in sums.items()
    }


async def queue_insights(reading: CallReading) -> QueueInsights:
    """What became of the week's queue calls."""
    stages = [
        {"$match": {**reading.sums_of(reading.week), **_HAS_QUEUE}},
        {"$group": {"_id": None, **sum_of(*OF_QUEUES), "average": {"$avg": _ABANDONED_PERCENT}}},
    ]
    found = await reading.scope.collection(COLLECTION).aggregate(stages, hint=QUEUES_INDEX)
    return insights(found[0], found[0]["average"]) if found else insights({}, None)


async def feature_use(reading: CallReading) -> list[FeatureUse]:
    """Every feature in its order: the week's calls of customers with a queue call in the last eight weeks."""
    weeks = completed_weeks(QUEUE_WEEKS, reading.scope.now)
    features = [
        {"$match": {**reading.sums_of(reading.week), "features": {"$exists": True}}},
        {"$project": {"_id": "$customer_id", "features": 1}},
    ]
    stages = [
        {"$match": {**reading.sums_of(*weeks), **_HAS_QUEUE}},
        {"$project": {"_id": "$customer_id", "has_queue": {"$literal": True}}},
        {"$unionWith": {"coll": COLLECTION, "pipeline": features}},
        {"$group": {"_id": "$_id", "has_queue": {"$max": "$has_queue"}, "features": {"$mergeObjects": "$features"}}},
        {"$match": {"has_queue": True}},
        {"$group": {"_id": None, **_feature_sums()}},
    ]
    found = await reading.scope.collection(COLLECTION).aggregate(stages, hint=QUEUES_INDEX)
    sums = found[0] if found else {}
    return [FeatureUse(one, sums.get(f"calls_{one}", 0), sums.get(f"customers_{one}", 0)) for one in CallFeature]


def _feature_sums() -> Document:
    sums: Document = {}
    for feature in CallFeature:
        calls = f"$features.{feature}"
        sums[f"calls_{feature}"] = {"$sum": calls}
        sums[f"customers_{feature}"] = {"$sum": {"$cond": [{"$gt": [calls, 0]}, 1, 0]}}
    return sums
