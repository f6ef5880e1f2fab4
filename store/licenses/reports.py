"""Reports on licence lines: which rows each has, its sums over them, and its table in any order.

Rows are those of customers in sight; the peer group alone is the whole partner's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self

from domain.cursors.list import CursorValueKind
from domain.entitlements.license_ratios import LicenseRatios
from domain.entitlements.report_figures import ReportSums
from domain.types import AnalyticsProduct, EntitlementReportOrderField, OrderDirection, SubscriptionType
from store.customers.visibility import visible_customers
from store.database.client import Document
from store.database.keyset import Column
from store.database.pages import Listing
from store.database.scope import Scope
from store.licenses.lines import (
    COLLECTION,
    match_expiring,
    match_low_assignment,
    match_over_limit,
    match_recently_added,
    match_renewing,
)

_F, _ASC, _DESC = EntitlementReportOrderField, OrderDirection.ASC, OrderDirection.DESC


class ReportName(StrEnum):
    """What a report is about."""

    RECENTLY_ADDED = "RECENTLY_ADDED"
    EXPIRING = "EXPIRING"
    RENEWING = "RENEWING"
    LOW_ASSIGNMENT = "LOW_ASSIGNMENT"
    OVER_LIMIT = "OVER_LIMIT"


class ReportOrder(NamedTuple):
    """What a table is sorted by; ties go by the customer's name, then number, and nulls come last both ways."""

    field: EntitlementReportOrderField
    direction: OrderDirection


class Report(NamedTuple):
    """One report of a product; `days` is its window where it has one."""

    name: ReportName
    product: AnalyticsProduct
    days: int = 0


@dataclass(frozen=True, slots=True)
class ReportRow(LicenseRatios):
    """A row: one entitlement's licences of the report's product."""

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

    @classmethod
    def read(cls, document: Document) -> Self:
        """The typed form of a document of the collection."""
        same = {name: document[name] for name in _COPIED_FIELDS}
        return cls(subscription_id=document["number"], trial=document["kind"] == SubscriptionType.TRIAL, **same)


_COPIED_FIELDS = tuple(name for name in ReportRow.__slots__ if name not in ("subscription_id", "trial"))
DEFAULT_ORDERS: Mapping[ReportName, ReportOrder] = {
    ReportName.RECENTLY_ADDED: ReportOrder(_F.ADDED_AT, _DESC),
    ReportName.EXPIRING: ReportOrder(_F.ENDS_AT, _ASC),
    ReportName.RENEWING: ReportOrder(_F.ENDS_AT, _ASC),
    ReportName.LOW_ASSIGNMENT: ReportOrder(_F.ASSIGNED_PERCENT, _ASC),
    ReportName.OVER_LIMIT: ReportOrder(_F.OVERAGE, _DESC),
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


def order_columns(order: ReportOrder) -> tuple[Column, ...]:
    """The fields of the total order."""
    direction = 1 if order.direction is _ASC else -1
    if order.field is _F.CUSTOMER_NAME:
        return (Column("name_folded", direction), *_TIE_BREAKERS)
    field, kind = _SORT_FIELDS[order.field]
    if kind == "number or null" and direction > 0:
        # MongoDB sorts null before all others: the twin of the field has a number there that no rate reaches.
        return (Column(f"{field}_sort", 1, "number"), Column("name_folded"), *_TIE_BREAKERS)
    return (Column(field, direction, kind), Column("name_folded"), *_TIE_BREAKERS)


class LicenseReports:
    """The reports of one scope, whose sight is read once; `threshold` is for low assignment alone."""

    def __init__(self, scope: Scope, sight: Document) -> None:
        self._scope = scope
        self._visibility = sight

    @classmethod
    async def load(cls, scope: Scope) -> Self:
        """The reports over the customers in sight."""
        return cls(scope, await visible_customers(scope))

    async def read_sums(self, report: Report, threshold: float | None) -> ReportSums:
        """What the rows add up to, each customer counted once."""
        unassigned = {"$max": [0, {"$subtract": ["$total", "$assigned"]}]}
        added: Document = {name: {"$sum": f"${name}"} for name in ("total", "assigned", "used", "overage")}
        pipeline: list[Document] = [
            {"$match": self._match(report, threshold)},
            {"$group": {"_id": "$customer_id", **added, "unassigned": {"$sum": unassigned}}},
            {
                "$group": {
                    "_id": None,
                    **added,
                    "unassigned": {"$sum": "$unassigned"},
                    "customers": {"$sum": 1},
                }
            },
        ]
        found = await self._scope.collection(COLLECTION).aggregate(pipeline)
        return ReportSums(**{name: found[0][name] for name in ReportSums._fields}) if found else ReportSums()

    def listing(self, report: Report, order: ReportOrder | None, threshold: float | None) -> Listing[ReportRow]:
        """The table; its cursors hold for this report, product, window and order."""
        columns = order_columns(order or DEFAULT_ORDERS[report.name])
        where = self._match(report, threshold)
        return Listing(self._scope, COLLECTION, where, columns, ReportRow.read, tuple(map(str, report)))

    def _match(self, report: Report, threshold: float | None) -> Document:
        now, days = self._scope.now, report.days
        conditions: Mapping[ReportName, Document] = {
            ReportName.RECENTLY_ADDED: match_recently_added(now, days),
            ReportName.EXPIRING: match_expiring(now, days),
            ReportName.RENEWING: match_renewing(now, days),
            ReportName.LOW_ASSIGNMENT: match_low_assignment(now, threshold),
            ReportName.OVER_LIMIT: match_over_limit(),
        }
        return {**self._scope.match(), "product": str(report.product), **conditions[report.name], **self._visibility}
