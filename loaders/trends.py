"""The trends of single customers, week by week."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from domain.calling.figures import CustomerCallingPoint
from domain.types import AnalyticsProduct
from store.calling.customer_trends import read_calling_trends
from store.database.scope import Scope
from store.licenses.trend import TrendPoint, read_customer_trends


class CallingTrendKey(NamedTuple):
    """A customer, and the weeks of its trend, oldest first."""

    customer_id: str
    weeks: tuple[datetime, ...]


class LicenseTrendKey(NamedTuple):
    """A customer and a product, and the first and last week of the trend."""

    customer_id: str
    product: AnalyticsProduct
    first: datetime
    last: datetime


async def read_calling_points(scope: Scope, keys: Sequence[CallingTrendKey]) -> list[list[CustomerCallingPoint]]:
    """Return the points of each key; the weeks of all keys are read together."""
    weeks = sorted({week for key in keys for week in key.weeks})
    trends = await read_calling_trends(scope, weeks, sorted({key.customer_id for key in keys}))
    points = {id_: dict(zip(weeks, trend, strict=True)) for id_, trend in trends.items()}
    return [[points[key.customer_id][week] for week in key.weeks] for key in keys]


async def read_license_points(scope: Scope, keys: Sequence[LicenseTrendKey]) -> list[list[TrendPoint]]:
    """Return the weeks with snapshots of each key; the weeks and products of all keys are read together."""
    first, last = min(key.first for key in keys), max(key.last for key in keys)
    products, customer_ids = {key.product for key in keys}, sorted({key.customer_id for key in keys})
    trends = await read_customer_trends(scope, products, first, last, customer_ids)
    return [
        [point for point in trends[key.customer_id, key.product] if key.first <= point.week_start <= key.last]
        for key in keys
    ]
