"""Licence analytics of one product: the trend, and reports with their figures and tables."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from domain.customers.conditions import AllOf
from domain.entitlements.lifecycle import LIVING_STATES, effective_end, state_at
from domain.entitlements.report_figures import (
    ReportSums,
    check_days,
    check_weeks,
    days_since,
    months_between,
    rate_percent,
)
from domain.entitlements.use_peaks import highest_used
from domain.ratios import mean, percent
from domain.time.weeks import WEEK, latest_completed_week
from domain.types import AnalyticsProduct, LicenseReport
from resolvers import entitlements
from resolvers.connections import Connection, build_connection
from resolvers.context import Context
from resolvers.customer_lists import parse_customer_filter
from resolvers.trends import LicenseTrendPoint
from store.customers.customers import CustomerDocument
from store.database.stored_fields import Projection, keys_of
from store.entitlements.documents import TERMS, EntitlementDocument
from store.licenses.reports import Report, ReportOrder, ReportRow
from store.licenses.snapshots import DayFigures
from store.licenses.trend import read_license_trend


class LicenseAnalytics(Struct, frozen=True):
    """The figures of one product at one moment. Each is read only if the operation selects it.

    They are over the visible customers that match `condition`.
    """

    product: AnalyticsProduct
    as_of: datetime
    condition: AllOf


async def analytics(
    context: Context, _root: None, product: AnalyticsProduct, filter: Mapping[str, Any] | None = None
) -> LicenseAnalytics:
    return LicenseAnalytics(product, context.scope.now, await parse_customer_filter(context, filter))


async def trend(context: Context, analytics: LicenseAnalytics, weeks: int) -> list[LicenseTrendPoint]:
    last = latest_completed_week(analytics.as_of)
    first = last - (check_weeks(weeks) - 1) * WEEK
    customers = await context.loaders.license_reports.customers.load(analytics.condition)
    points = await read_license_trend(context.scope, analytics.product, first, last, customers)
    return [LicenseTrendPoint.of(point) for point in points]


def recently_added(_context: Context, analytics: LicenseAnalytics, days: int) -> Report:
    return _report(LicenseReport.RECENTLY_ADDED, analytics, days)


def expiring(_context: Context, analytics: LicenseAnalytics, days: int) -> Report:
    return _report(LicenseReport.EXPIRING, analytics, days)


def renewing(_context: Context, analytics: LicenseAnalytics, days: int) -> Report:
    return _report(LicenseReport.RENEWING, analytics, days)


def low_assignment(_context: Context, analytics: LicenseAnalytics) -> Report:
    return _report(LicenseReport.LOW_ASSIGNMENT, analytics)


def over_limit(_context: Context, analytics: LicenseAnalytics) -> Report:
    return _report(LicenseReport.OVER_LIMIT, analytics)


def _report(name: LicenseReport, analytics: LicenseAnalytics, days: int | None = None) -> Report:
    window = 0 if days is None else check_days(days)
    return Report(name, analytics.product, window, analytics.condition)


async def customers(context: Context, report: Report) -> int:
    return (await _sums(context, report)).customers


async def total_licenses(context: Context, report: Report) -> int:
    return (await _sums(context, report)).total


async def unassigned_licenses(context: Context, report: Report) -> int:
    return (await _sums(context, report)).unassigned


async def licenses_in_overage(context: Context, report: Report) -> int:
    return (await _sums(context, report)).overage


async def average_overage(context: Context, report: Report) -> float | None:
    sums = await _sums(context, report)
    return mean(sums.overage, sums.customers)


async def assignment_percent(context: Context, report: Report) -> float | None:
    sums = await _sums(context, report)
    return percent(sums.assigned, sums.total)


async def usage_percent(context: Context, report: Report) -> float | None:
    sums = await _sums(context, report)
    return percent(sums.used, sums.total)


async def usage_when_assigned_percent(context: Context, report: Report) -> float | None:
    sums = await _sums(context, report)
    return percent(sums.used, sums.assigned)


async def peer_group_size(context: Context, report: Report) -> int:
    return (await context.loaders.license_reports.peer_groups.load(report.product)).size


async def threshold_percent(context: Context, report: Report) -> float | None:
    threshold = (await context.loaders.license_reports.peer_groups.load(report.product)).threshold
    return None if threshold is None else rate_percent(threshold)


async def _sums(context: Context, report: Report) -> ReportSums:
    return await context.loaders.license_reports.sums.load(report)


async def table(
    context: Context, report: Report, with_page: bool, order_by: Mapping[str, Any] | None = None, **page: Any
) -> Connection[ReportRow]:
    order = None if order_by is None else ReportOrder(order_by["field"], order_by["direction"])
    return await build_connection(await context.loaders.license_reports.listing(report, order), with_page, **page)


async def entitlement(
    context: Context, lines: Sequence[ReportRow], projection: Projection = None
) -> list[EntitlementDocument | None]:
    return await context.loaders.entitlements.load_all([line.entitlement_id for line in lines], projection)


async def customer(
    context: Context, lines: Sequence[ReportRow], projection: Projection = None
) -> list[CustomerDocument | None]:
    return await context.loaders.customers.load_all([line.customer_id for line in lines], projection)


def days_since_added(context: Context, line: ReportRow) -> int:
    return days_since(line.added_at, context.scope.now)


def months_since_added(context: Context, line: ReportRow) -> int:
    return months_between(line.added_at, context.scope.now)


async def days_to_expiry(context: Context, lines: Sequence[ReportRow]) -> list[int | None]:
    documents = await entitlement(context, lines, keys_of(TERMS))
    return [None if each is None else entitlements.days_remaining(context, each) for each in documents]


async def months_remaining(context: Context, lines: Sequence[ReportRow]) -> list[int | None]:
    documents, now = await entitlement(context, lines, keys_of(TERMS)), context.scope.now
    return [None if each is None else _months_remaining(each, now) for each in documents]


def _months_remaining(document: EntitlementDocument, now: datetime) -> int:
    return months_between(now, effective_end(document, now)) if state_at(document, now) in LIVING_STATES else 0


async def weekly_assignment_change(context: Context, lines: Sequence[ReportRow]) -> list[int | None]:
    pairs = zip(lines, await _week_ago(context, lines), strict=True)
    return [None if before is None else line.assigned - before.assigned for line, before in pairs]


async def weekly_usage_change(context: Context, lines: Sequence[ReportRow]) -> list[int | None]:
    pairs = zip(lines, await _week_ago(context, lines), strict=True)
    return [None if before is None else line.used - before.used for line, before in pairs]


async def _week_ago(context: Context, lines: Sequence[ReportRow]) -> list[DayFigures | None]:
    return await context.loaders.license_week_ago.load_all(_line_keys(lines))


def used_last_three_months(context: Context, line: ReportRow) -> int:
    return highest_used(line.used, line.use_peaks, context.scope.now)


def _line_keys(lines: Sequence[ReportRow]) -> list[tuple[str, str]]:
    return [(line.entitlement_id, line.product) for line in lines]
