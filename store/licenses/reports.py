"""Reports on licence lines: which rows each has, its sums over them, and its table in any order.

Rows are those of customers in sight; the peer group alone is the whole partner's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self

from domain.cursors.list import Kind
from domain.entitlements.license_ratios import LineRatios
from domain.entitlements.report_figures import ReportSums
from domain.types import AnalyticsProduct, EntitlementReportOrderField, OrderDirection, SubscriptionType
from store.customers.visibility import in_sight
from store.database.client import Document
from store.database.keyset import Column
from store.database.pages import Listing
from store.database.scope import Scope
from store.licenses.lines import COLLECTION, expiring, low, over_limit, recently_added, renewing

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
class ReportLine(LineRatios):
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
        same = {name: document[name] for name in _SAME_NAME}
        return cls(subscription_id=document["number"], trial=document["kind"] == SubscriptionType.TRIAL, **same)


_SAME_NAME = tuple(name for name in ReportLine.__slots__ if name not in ("subscription_id", "trial"))
DEFAULT_ORDERS: Mapping[ReportName, ReportOrder] = {
    ReportName.RECENTLY_ADDED: ReportOrder(_F.ADDED_AT, _DESC),
    ReportName.EXPIRING: ReportOrder(_F.ENDS_AT, _ASC),
    ReportName.RENEWING: ReportOrder(_F.ENDS_AT, _ASC),
    ReportName.LOW_ASSIGNMENT: ReportOrder(_F.ASSIGNED_PERCENT, _ASC),
    ReportName.OVER_LIMIT: ReportOrder(_F.OVERAGE, _DESC),
}
_STORED: Mapping[EntitlementReportOrderField, tuple[str, Kind]] = {
    _F.ADDED_AT: ("added_at", "instant"),
    _F.ENDS_AT: ("ends_at", "instant"),
    _F.TOTAL: ("total", "number"),
    _F.ASSIGNED_PERCENT: ("rate", "number or null"),
    _F.USED_PERCENT: ("used_rate", "number or null"),
    _F.OVERAGE: ("overage", "number"),
}
_BEHIND = (Column("number"), Column("_id"))


def columns_of(order: ReportOrder) -> tuple[Column, ...]:
    """The fields of the total order."""
    direction = 1 if order.direction is _ASC else -1
    if order.field is _F.CUSTOMER_NAME:
        return (Column("name_folded", direction), *_BEHIND)
    field, kind = _STORED[order.field]
    if kind == "number or null" and direction > 0:
        # MongoDB sorts null before all others: the twin of the field has a number there that no rate reaches.
        return (Column(f"{field}_or_last", 1, "number"), Column("name_folded"), *_BEHIND)
    return (Column(field, direction, kind), Column("name_folded"), *_BEHIND)


class LicenseReports:
    """The reports of one scope, whose sight is read once; `threshold` is for low assignment alone."""

    def __init__(self, scope: Scope, sight: Document) -> None:
        self._scope = scope
        self._sight = sight

    @classmethod
    async def of(cls, scope: Scope) -> Self:
        """The reports over the customers in sight."""
        return cls(scope, await in_sight(scope))

    async def sums(self, report: Report, threshold: float | None) -> ReportSums:
        """What the rows add up to, each customer counted once."""
        unassigned = {"$max": [0, {"$subtract": ["$total", "$assigned"]}]}
        added: Document = {name: {"$sum": f"${name}"} for name in ("total", "assigned", "used", "overage")}
        pipeline: list[Document] = [
            {"$match": self._where(report, threshold)},
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

    def listing(self, report: Report, order: ReportOrder | None, threshold: float | None) -> Listing[ReportLine]:
        """The table; its cursors hold for this report, product, window and order."""
        columns = columns_of(order or DEFAULT_ORDERS[report.name])
        where = self._where(report, threshold)
        return Listing(self._scope, COLLECTION, where, columns, ReportLine.read, tuple(map(str, report)))

    def _where(self, report: Report, threshold: float | None) -> Document:
        now, days = self._scope.now, report.days
        conditions: Mapping[ReportName, Document] = {
            ReportName.RECENTLY_ADDED: recently_added(now, days),
            ReportName.EXPIRING: expiring(now, days),
            ReportName.RENEWING: renewing(now, days),
            ReportName.LOW_ASSIGNMENT: low(now, threshold),
            ReportName.OVER_LIMIT: over_limit(),
        }
        return {**self._scope.match(), "product": str(report.product), **conditions[report.name], **self._sight}
