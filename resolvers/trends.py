"""The trends of one customer, and the point of a licence trend."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from domain.calling.figures import CustomerCallingPoint, list_weeks
from domain.entitlements.report_figures import check_weeks
from domain.time.weeks import WEEK, latest_completed_week
from domain.types import AnalyticsProduct
from loaders.trends import CallingTrendKey, LicenseTrendKey
from resolvers.context import Context
from store.customers.customers import CustomerDocument
from store.licenses.trend import TrendPoint


class LicenseTrendPoint(Struct, frozen=True):
    """The licences of one week."""

    week_start: date
    total: int
    assigned: int
    used: int
    available: int

    @classmethod
    def of(cls, point: TrendPoint) -> "LicenseTrendPoint":
        """Return the point as the API shows it."""
        return cls(point.week_start.date(), *point.sums)


async def license_trend(
    context: Context, customers: Sequence[CustomerDocument], product: AnalyticsProduct, weeks: int
) -> list[list[LicenseTrendPoint]]:
    last = latest_completed_week(context.scope.now)
    first = last - (check_weeks(weeks) - 1) * WEEK
    keys = [LicenseTrendKey(customer.id, product, first, last) for customer in customers]
    trends = await context.loaders.license_trends.load_all(keys)
    return [list(map(LicenseTrendPoint.of, trend)) for trend in trends]


async def calling_trend(
    context: Context, customers: Sequence[CustomerDocument], weeks: int
) -> list[list[CustomerCallingPoint]]:
    mondays = tuple(list_weeks(weeks, latest_completed_week(context.scope.now)))
    return await context.loaders.calling_trends.load_all(
        [CallingTrendKey(customer.id, mondays) for customer in customers]
    )
