"""Figures over all visible customers: trends, quality by endpoint, feature use and queue insights."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from domain.calling.calls import CallFeature
from domain.calling.figures import (
    QUEUE_WEEKS,
    CallSums,
    EndpointQuality,
    FeatureUse,
    QualityPoint,
    QueueInsights,
    build_queue_insights,
    count_by_quality,
    list_endpoint_qualities,
)
from domain.ratios import mean
from store.calling.customer_parts import CustomerPart, add_parts, list_parts
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
    """Return one point per week, in the given order."""
    totals = await read_totals(dataset, weeks)
    return [QualityPoint(week_start=week.date(), **count_by_quality(totals[week])) for week in weeks]


async def read_quality_by_endpoint(dataset: CallDataset) -> list[EndpointQuality]:
    """Return the quality of every endpoint in the week."""
    return list_endpoint_qualities((await read_totals(dataset, [dataset.week]))[dataset.week])


async def read_totals(dataset: CallDataset, weeks: Sequence[datetime]) -> dict[datetime, CallSums]:
    """Return the sums of each week over the visible customers; empty for a week without a roll-up.

    The roll-up stores the sums over all customers. For a viewer of all customers, only the sums of customers that were
    removed since are read and subtracted.
    """
    if dataset.visible_ids is not None:
        return {week: {} for week in weeks} | await _sum_weeks(dataset, weeks, dataset.parts)
    stored: dict[datetime, CallSums] = {week: dataset.week_states.get(week, {}).get("sums", {}) for week in weeks}
    if not dataset.removed_ids:
        return stored
    removed = await _sum_weeks(dataset, weeks, list_parts(dataset.removed_ids, 1))
    return stored | {week: _subtract(stored[week], sums) for week, sums in removed.items()}


async def _sum_weeks(
    dataset: CallDataset, weeks: Sequence[datetime], parts: Sequence[CustomerPart]
) -> dict[datetime, CallSums]:
    group = {"_id": "$week", **sum_fields(*SUMMED_FIELDS), **sum_embedded_fields("endpoints", ENDPOINT_CELLS)}

    async def read(customers: Document) -> Sequence[Document]:
        stages = [{"$match": {**dataset.match_all_sums(*weeks), **customers}}, {"$group": group}]
        return await dataset.scope.collection(COLLECTION).aggregate(stages)

    sums = await add_parts(parts, read)
    return {
        week: {**found, "endpoints": {cell: found[cell] for cell in ENDPOINT_CELLS}} for week, found in sums.items()
    }


def _subtract(sums: CallSums, part: CallSums) -> CallSums:
    """Return sums minus part, field by field, also in embedded documents."""
    return {
        name: _subtract(value, part[name]) if isinstance(value, Mapping) else value - part[name]
        for name, value in sums.items()
    }


async def read_queue_insights(dataset: CallDataset) -> QueueInsights:
    """Return the queue figures of the week."""
    of_customers: Document = {"percents": {"$sum": _ABANDONED_PERCENT}, "customers": {"$sum": 1}}

    async def read(customers: Document) -> Sequence[Document]:
        stages = [
            {"$match": {**dataset.match_all_sums(dataset.week), **customers, **_HAS_QUEUE}},
            {"$group": {"_id": None, **sum_fields(*QUEUE_FIELDS), **of_customers}},
        ]
        return await dataset.scope.collection(COLLECTION).aggregate(stages, hint=QUEUES_INDEX)

    sums = (await add_parts(dataset.parts, read)).get(None, {})
    return build_queue_insights(sums, mean(sums.get("percents", 0), sums.get("customers", 0)))


async def read_feature_use(dataset: CallDataset) -> list[FeatureUse]:
    """Return the use of every feature in the week, by customers with a queue call in the eight weeks up to it."""
    sums = (await add_parts(dataset.parts, partial(_read_feature_sums, dataset))).get(None, {})
    return [
        FeatureUse(feature, sums.get(f"calls_{feature}", 0), sums.get(f"customers_{feature}", 0))
        for feature in CallFeature
    ]


async def _read_feature_sums(dataset: CallDataset, customers: Document) -> Sequence[Document]:
    """Return the sums over these customers; nothing where none of them had a queue call."""
    features = [
        {"$match": {**dataset.match_all_sums(dataset.week), **customers, "features": {"$exists": True}}},
        {"$project": {"_id": "$customer_id", "features": 1}},
    ]
    stages = [
        {"$match": {**dataset.match_all_sums(*dataset.weeks(QUEUE_WEEKS)), **customers, **_HAS_QUEUE}},
        {"$project": {"_id": "$customer_id", "has_queue": {"$literal": True}}},
        {"$unionWith": {"coll": COLLECTION, "pipeline": features}},
        {"$group": {"_id": "$_id", "has_queue": {"$max": "$has_queue"}, "features": {"$mergeObjects": "$features"}}},
        {"$match": {"has_queue": True}},
        {"$group": {"_id": None, **_feature_sums()}},
    ]
    return await dataset.scope.collection(COLLECTION).aggregate(stages, hint=QUEUES_INDEX)


def _feature_sums() -> Document:
    sums: Document = {}
    for feature in CallFeature:
        calls = f"$features.{feature}"
        sums[f"calls_{feature}"] = {"$sum": calls}
        sums[f"customers_{feature}"] = {"$sum": {"$cond": [{"$gt": [calls, 0]}, 1, 0]}}
    return sums
