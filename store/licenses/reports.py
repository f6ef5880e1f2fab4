"""Licence reports: the rows of each report, the sums over them, and the table in any order.

A report contains only lines of visible customers that match its filter. Only the threshold of low assignment is of the
whole partner.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Self

from msgspec import Struct

from domain.cursors.list import CursorValueKind
from domain.customers.conditions import EVERYTHING, AllOf
from domain.entitlements.license_ratios import LicenseRatios
from domain.entitlements.report_figures import ReportSums
from domain.entitlements.use_peaks import Peaks
from domain.types import (
    AnalyticsProduct,
    EntitlementReportOrderField,
    LicenseReport,
    OrderDirection,
    SubscriptionType,
)
from store.customers.visibility import CustomerConditions, CustomerRowFilter
from store.database.client import Document
from store.database.keyset import Column
from store.database.pages import Listing
from store.database.scope import Scope
from store.licenses.lines import (
    ADDED_INDEX,
    COLLECTION,
    ENDS_INDEX,
    OVERAGE_INDEX,
    PEERS_INDEX,
    match_expiring,
    match_low_assignment,
    match_over_limit,
    match_recently_added,
    match_renewing,
)

_F, _ASC, _DESC = EntitlementReportOrderField, OrderDirection.ASC, OrderDirection.DESC


class ReportOrder(NamedTuple):
    """The order of a table; ties go by the customer's name, then number; nulls come last in both directions."""

    field: EntitlementReportOrderField
    direction: OrderDirection


class Report(NamedTuple):
    """One report of a product; `days` is its time window, 0 for a report without one.

    It is about the customers that match `condition`.
    """

    name: LicenseReport
    product: AnalyticsProduct
    days: int = 0
    condition: AllOf = EVERYTHING


class ReportRow(Struct, LicenseRatios, frozen=True):
    """A row: the licences of one entitlement in the report's product; `subscription_id` is its number."""

    entitlement_id: str
    customer_id: str
    subscription_id: str
    product: str
    trial: bool
    added_at: datetime
    auto_renew: bool
    total: int
    assigned: int
    used: int
    overage: int
    use_peaks: Peaks

    @property
    def number(self) -> str:
        """The number of the entitlement."""
        return self.subscription_id

    @property
    def available(self) -> int:
        """The number of licences left to assign, summed over single lines: the overage of one reduces no other."""
        return self.total - self.assigned + self.overage

    @classmethod
    def read(cls, document: Document) -> Self:
        """Return the row of a stored licence line."""
        copied = {name: document[name] for name in _COPIED_FIELDS}
        return cls(subscription_id=document["number"], trial=document["kind"] == SubscriptionType.TRIAL, **copied)


_COPIED_FIELDS = tuple(name for name in ReportRow.__struct_fields__ if name not in ("subscription_id", "trial"))
DEFAULT_ORDERS: Mapping[LicenseReport, ReportOrder] = {
    LicenseReport.RECENTLY_ADDED: ReportOrder(_F.ADDED_AT, _DESC),
    LicenseReport.EXPIRING: ReportOrder(_F.ENDS_AT, _ASC),
    LicenseReport.RENEWING: ReportOrder(_F.ENDS_AT, _ASC),
    LicenseReport.LOW_ASSIGNMENT: ReportOrder(_F.ASSIGNED_PERCENT, _ASC),
    LicenseReport.OVER_LIMIT: ReportOrder(_F.OVERAGE, _DESC),
}
_DEFAULT_INDEXES: Mapping[LicenseReport, str] = {
    LicenseReport.RECENTLY_ADDED: ADDED_INDEX,
    LicenseReport.EXPIRING: ENDS_INDEX,
    LicenseReport.RENEWING: ENDS_INDEX,
    LicenseReport.LOW_ASSIGNMENT: PEERS_INDEX,
    LicenseReport.OVER_LIMIT: OVERAGE_INDEX,
}
_SORT_FIELDS: Mapping[EntitlementReportOrderField, tuple[str, CursorValueKind]] = {
    _F.ADDED_AT: ("added_at", "instant"),
    _F.ENDS_AT: ("ends_at", "instant"),
    _F.TOTAL: ("total", "number"),
    _F.ASSIGNED_PERCENT: ("rate", "number or null"),
    _F.USED_PERCENT: ("used_rate", "number or null"),
    _F.OVERAGE: ("overage", "number"),
}
_TIE_BREAKERS = (Column("number"), Column("_id"))


def order_columns(report: LicenseReport, order: ReportOrder) -> tuple[Column, ...]:
    """Return the columns of the total order."""
    direction = 1 if order.direction is _ASC else -1
    if report is LicenseReport.LOW_ASSIGNMENT and order.field is _F.ASSIGNED_PERCENT:
        # Its lines are in the peer group, where this field equals the rate, is never null, and has the index.
        return (Column("peer_rate", direction, "number"), Column("name_folded"), *_TIE_BREAKERS)
    if order.field is _F.CUSTOMER_NAME:
        return (Column("name_folded", direction), *_TIE_BREAKERS)
    field, kind = _SORT_FIELDS[order.field]
    if kind == "number or null" and direction > 0:
        # MongoDB sorts null first. The `_sort` field has a number instead, higher than any rate.
        return (Column(f"{field}_sort", 1, "number"), Column("name_folded"), *_TIE_BREAKERS)
    return (Column(field, direction, kind), Column("name_folded"), *_TIE_BREAKERS)


class LicenseReports:
    """The reports over some customers. Only LOW_ASSIGNMENT reads the parameter `threshold` of the methods.

    `customers` are the conditions that `visible_customers` returns.
    """

    def __init__(self, scope: Scope, customers: CustomerConditions) -> None:
        self._scope = scope
        self._customers = customers

    async def read_sums(self, report: Report, threshold: float | None) -> ReportSums:
        """Return the sums over the rows of the report."""
        parts = [await self._read_part({**self._match(report, threshold), **part}) for part in self._customers]
        return ReportSums(*map(sum, zip(*parts, strict=True)))

    async def _read_part(self, where: Document) -> ReportSums:
        unassigned = {"$add": [{"$subtract": ["$total", "$assigned"]}, "$overage"]}
        sums: Document = {name: {"$sum": f"${name}"} for name in ("total", "assigned", "used", "overage")}
        pipeline: list[Document] = [
            {"$match": where},
            {"$group": {"_id": "$customer_id", **sums, "unassigned": {"$sum": unassigned}}},
            {
                "$group": {
                    "_id": None,
                    **sums,
                    "unassigned": {"$sum": "$unassigned"},
                    "customers": {"$sum": 1},
                }
            },
        ]
        rows = await self._scope.collection(COLLECTION).aggregate(pipeline)
        return ReportSums(**{name: rows[0][name] for name in ReportSums._fields}) if rows else ReportSums()

    def listing(
        self,
        report: Report,
        order: ReportOrder | None,
        threshold: float | None,
        row_filter: CustomerRowFilter | None = None,
    ) -> Listing[ReportRow]:
        """Return the table; its cursors are valid for the same report, product, window, filter and order."""
        columns = order_columns(report.name, order or DEFAULT_ORDERS[report.name])
        return Listing(
            self._scope,
            COLLECTION,
            self._match(report, threshold),
            columns,
            ReportRow.read,
            identity=tuple(map(str, report)),
            parts=self._customers,
            index=_DEFAULT_INDEXES[report.name] if order in (None, DEFAULT_ORDERS[report.name]) else None,
            row_filter=row_filter,
        )

    def _match(self, report: Report, threshold: float | None) -> Document:
        now, days = self._scope.now, report.days
        conditions: Mapping[LicenseReport, Document] = {
            LicenseReport.RECENTLY_ADDED: match_recently_added(now, days),
            LicenseReport.EXPIRING: match_expiring(now, days),
            LicenseReport.RENEWING: match_renewing(now, days),
            LicenseReport.LOW_ASSIGNMENT: match_low_assignment(now, threshold),
            LicenseReport.OVER_LIMIT: match_over_limit(),
        }
        return {**self._scope.match(), "product": str(report.product), **conditions[report.name]}
