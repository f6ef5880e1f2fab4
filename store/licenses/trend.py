"""The licence trend: weekly sums over the visible customers, or of single ones.

The sums of a whole partner are stored at the first request (`license_weeks`). Stored sums of a week are valid until
the sums of one of its customers are written again, which the newest `updated_at` of that week shows.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from domain.batches import split_into_batches
from domain.entitlements.license_snapshots import LicenseSums, add_sums
from domain.types import AnalyticsProduct
from store.customers.visibility import ALL_CUSTOMERS, CustomerConditions
from store.database.client import BulkWriteError, Document, IndexModel, UpdateOne
from store.database.clock import utc_now
from store.database.scope import Scope
from store.licenses.weeks import (
    CUSTOMER_INDEX,
    CUSTOMER_WEEKS,
    NEWEST_INDEX,
    SETTLING_TIME,
    extract_sums,
    read_last_written,
)

PARTNER_WEEKS = "license_weeks"
LICENSE_WEEK_INDEXES = (IndexModel([("partner_id", 1), ("product", 1), ("week", 1)], name="week"),)
_WEEKS_PER_QUERY = 4


class TrendPoint(NamedTuple):
    """The sums of one week over the visible customers."""

    week_start: datetime
    sums: LicenseSums


async def read_license_trend(
    scope: Scope, product: AnalyticsProduct, first: datetime, last: datetime, customers: CustomerConditions
) -> list[TrendPoint]:
    """Return the weeks from `first` to `last` that have snapshots of the customers, oldest first.

    `customers` are the conditions that `visible_customers` returns.
    """
    weeks = {"product": str(product), "week": {"$gte": first, "$lte": last}}
    if customers is ALL_CUSTOMERS:
        sums = await _read_partner_sums(scope, weeks)
    else:
        sums = {}
        for part in customers:
            for week, more in (await _sum_weeks(scope, {**weeks, **part}, CUSTOMER_INDEX)).items():
                sums[week] = add_sums(sums[week], more) if week in sums else more
    return [TrendPoint(week, sums[week]) for week in sorted(sums)]


async def read_customer_trends(
    scope: Scope, products: Collection[AnalyticsProduct], first: datetime, last: datetime, customer_ids: Sequence[str]
) -> dict[tuple[str, AnalyticsProduct], list[TrendPoint]]:
    """Return each customer's weeks from `first` to `last` that have snapshots of the product, oldest first."""
    where = {"product": {"$in": sorted(map(str, products))}, "week": {"$gte": first, "$lte": last}}
    of_customers = {"customer_id": {"$in": list(customer_ids)}, "is_removed": False}
    documents = await scope.collection(CUSTOMER_WEEKS).find(
        {**scope.match(), **of_customers, **where}, hint=CUSTOMER_INDEX
    )
    trends = {(id_, product): list[TrendPoint]() for id_ in customer_ids for product in products}
    for document in sorted(documents, key=itemgetter("week")):
        key = (document["customer_id"], AnalyticsProduct(document["product"]))
        trends[key].append(TrendPoint(document["week"], extract_sums(document)))
    return trends


async def _read_partner_sums(scope: Scope, weeks: Mapping[str, Any]) -> dict[datetime, LicenseSums]:
    """Return the partner's sums: the stored ones that are valid, the others computed, and stored once settled."""
    now = utc_now()
    newest = await read_last_written(scope, weeks)
    stored = await scope.collection(PARTNER_WEEKS).find({**scope.match(), **weeks})
    sums_by_week = {
        document["week"]: extract_sums(document)
        for document in stored
        if document["updated_at"] - SETTLING_TIME > newest.get(document["week"], now)
    }
    missing = sorted(newest.keys() - sums_by_week.keys())
    for batch in split_into_batches(missing, _WEEKS_PER_QUERY):
        # Store each part before the next one: after a timeout, a second request continues where the first stopped.
        part = {"product": weeks["product"], "week": {"$in": list(batch)}}
        summed = await _sum_weeks(scope, part, NEWEST_INDEX)
        settled = {week: sums for week, sums in summed.items() if newest[week] < now - SETTLING_TIME}
        await _store_partner_sums(scope, weeks["product"], settled, now)
        sums_by_week |= summed
    return sums_by_week


async def _sum_weeks(scope: Scope, where: Mapping[str, Any], index: str) -> dict[datetime, LicenseSums]:
    pipeline: list[Document] = [
        {"$match": {**scope.match(), **where, "is_removed": False}},
        {"$group": {"_id": "$week", **{name: {"$sum": f"${name}"} for name in LicenseSums._fields}}},
    ]
    # Without the hint, MongoDB may choose one cached plan for few customers and for all.
    groups = await scope.collection(CUSTOMER_WEEKS).aggregate(pipeline, hint=index)
    return {group["_id"]: extract_sums(group) for group in groups}


async def _store_partner_sums(
    scope: Scope, product: str, settled: Mapping[datetime, LicenseSums], now: datetime
) -> None:
    writes = [
        UpdateOne(
            {**scope.match(), "_id": f"{scope.partner_id}:{product}:{week:%Y-%m-%d}"},
            {
                "$set": {**sums._asdict(), "updated_at": now},
                "$setOnInsert": {"product": product, "week": week, "created_at": now},
                "$inc": {"version": 1},
            },
            upsert=True,
        )
        for week, sums in settled.items()
    ]
    # A concurrent request may store the same sums; this request does not need the stored copy.
    with suppress(BulkWriteError):
        await scope.collection(PARTNER_WEEKS).bulk_write(writes)
