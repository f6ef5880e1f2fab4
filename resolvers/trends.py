"""The trends of one customer, and the point of a licence trend."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import date

from domain.calling.figures import CustomerCallingPoint, list_weeks
from domain.entitlements.report_figures import check_weeks
from domain.time.weeks import WEEK, latest_completed_week
from domain.types import AnalyticsProduct
from loaders.trends import CallingTrendKey, LicenseTrendKey
from resolvers.context import Context
from store.customers.customers import CustomerDocument
from store.licenses.trend import TrendPoint


@dataclass(frozen=True, slots=True)
class LicenseTrendPoint:
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
    context: Context, customer: CustomerDocument, product: AnalyticsProduct, weeks: int
) -> list[LicenseTrendPoint]:
    last = latest_completed_week(context.scope.now)
    key = LicenseTrendKey(customer.id, product, last - (check_weeks(weeks) - 1) * WEEK, last)
    return [LicenseTrendPoint.of(point) for point in await context.loaders.license_trends.load(key)]


def calling_trend(context: Context, customer: CustomerDocument, weeks: int) -> Awaitable[list[CustomerCallingPoint]]:
    mondays = list_weeks(weeks, latest_completed_week(context.scope.now))
    return context.loaders.calling_trends.load(CallingTrendKey(customer.id, tuple(mondays)))
