"""The sums of weeks over all customers in sight: trends, quality by endpoint, features and queues."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.calling.calls import CallFeature
from domain.calling.figures import (
    QUEUE_WEEKS,
    CallSums,
    EndpointQuality,
    FeatureUse,
    QualityPoint,
    QueueInsights,
    build_queue_insights,
    completed_weeks,
    count_by_quality,
    list_endpoint_qualities,
)
from store.calling.dataset import CallDataset
from store.calling.sums import (
    COLLECTION,
    ENDPOINT_CELLS,
    QUEUE_FIELDS,
    QUEUES_INDEX,
    SUMMED_FIELDS,
    sum_embedded_fields,
    sum_fields,
)
from store.database.client import Document

_ABANDONED_PERCENT: Document = {"$divide": [{"$multiply": ["$abandoned", 100]}, "$offered"]}
_HAS_QUEUE: Document = {"offered": {"$gt": 0}}


async def read_quality_trend(dataset: CallDataset, weeks: Sequence[datetime]) -> list[QualityPoint]:
    """One point a week, in their order."""
    found = await read_totals(dataset, weeks)
    return [QualityPoint(week_start=week.date(), **count_by_quality(found[week])) for week in weeks]


async def read_quality_by_endpoint(dataset: CallDataset) -> list[EndpointQuality]:
    """Every endpoint in its order."""
    return list_endpoint_qualities((await read_totals(dataset, [dataset.week]))[dataset.week])


async def read_totals(dataset: CallDataset, weeks: Sequence[datetime]) -> dict[datetime, CallSums]:
    """The sums of each week over the customers in sight; nothing where a week has none.

    Those over all customers are kept with the roll-up; only what removed customers had is taken away from them.
    """
    if dataset.visible_ids is not None:
        return {week: {} for week in weeks} | await _sum_weeks(dataset, weeks, dataset.match_visible)
    kept: dict[datetime, CallSums] = {week: dataset.week_states.get(week, {}).get("sums", {}) for week in weeks}
    if not dataset.removed_ids:
        return kept
    gone = await _sum_weeks(dataset, weeks, {"customer_id": {"$in": list(dataset.removed_ids)}})
    return kept | {week: _subtract(kept[week], sums) for week, sums in gone.items()}


async def _sum_weeks(dataset: CallDataset, weeks: Sequence[datetime], whose: Document) -> dict[datetime, CallSums]:
    stages = [
        {"$match": {**dataset.match_all_sums(*weeks), **whose}},
        {"$group": {"_id": "$week", **sum_fields(*SUMMED_FIELDS), **sum_embedded_fields("endpoints", ENDPOINT_CELLS)}},
    ]
    found = await dataset.scope.collection(COLLECTION).aggregate(stages)
    return {one["_id"]: {**one, "endpoints": {cell: one[cell] for cell in ENDPOINT_CELLS}} for one in found}


def _subtract(sums: CallSums, part: CallSums) -> CallSums:
    """What is left of sums without a part of them, however deep."""
    return {
        name: _subtract(value, part[name]) if isinstance(value, Mapping) else value - part[name]
        for name, value in sums.items()
    }


async def read_queue_insights(dataset: CallDataset) -> QueueInsights:
    """What became of the week's queue calls."""
    stages = [
        {"$match": {**dataset.match_sums(dataset.week), **_HAS_QUEUE}},
        {"$group": {"_id": None, **sum_fields(*QUEUE_FIELDS), "average": {"$avg": _ABANDONED_PERCENT}}},
    ]
    found = await dataset.scope.collection(COLLECTION).aggregate(stages, hint=QUEUES_INDEX)
    return build_queue_insights(found[0], found[0]["average"]) if found else build_queue_insights({}, None)


async def read_feature_use(dataset: CallDataset) -> list[FeatureUse]:
    """Every feature in its order: the week's calls of customers with a queue call in the last eight weeks."""
    weeks = completed_weeks(QUEUE_WEEKS, dataset.scope.now)
    features = [
        {"$match": {**dataset.match_sums(dataset.week), "features": {"$exists": True}}},
        {"$project": {"_id": "$customer_id", "features": 1}},
    ]
    stages = [
        {"$match": {**dataset.match_sums(*weeks), **_HAS_QUEUE}},
        {"$project": {"_id": "$customer_id", "has_queue": {"$literal": True}}},
        {"$unionWith": {"coll": COLLECTION, "pipeline": features}},
        {"$group": {"_id": "$_id", "has_queue": {"$max": "$has_queue"}, "features": {"$mergeObjects": "$features"}}},
        {"$match": {"has_queue": True}},
        {"$group": {"_id": None, **_feature_sums()}},
    ]
    found = await dataset.scope.collection(COLLECTION).aggregate(stages, hint=QUEUES_INDEX)
    sums = found[0] if found else {}
    return [FeatureUse(one, sums.get(f"calls_{one}", 0), sums.get(f"customers_{one}", 0)) for one in CallFeature]


def _feature_sums() -> Document:
    sums: Document = {}
    for feature in CallFeature:
        calls = f"$features.{feature}"
        sums[f"calls_{feature}"] = {"$sum": calls}
        sums[f"customers_{feature}"] = {"$sum": {"$cond": [{"$gt": [calls, 0]}, 1, 0]}}
    return sums
