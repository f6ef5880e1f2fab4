"""Forecasts over the stored licence lines: what ends by calendar month, and the table of entitlements to reduce.

Like the reports, they are as of each customer's last evaluation, and windows are compared with `now` by the query.
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from domain.customers.conditions import EVERYTHING, AllOf
from domain.entitlements.forecasts import EndGroup, EndSums, later_month, month_of
from domain.entitlements.use_peaks import first_use_day, highest_used
from domain.money import Money
from domain.types import AnalyticsProduct
from store.customers.visibility import CustomerConditions
from store.database.client import Document
from store.database.keyset import Column
from store.database.pages import Computed, Listing
from store.database.scope import Scope
from store.licenses.lines import COLLECTION, ENDS_INDEX, match_ending
from store.licenses.use_peaks import PEAK_DAY_FIELD, PEAK_USED_FIELD, PEAKS_FIELD

_SPARE, _SUGGESTED = "spare", "suggested_total"
_SPARE_COLUMNS = (Column(_SPARE, -1, "number"), Column("name_folded"), Column("number"), Column("_id"))


class RightSizingQuery(NamedTuple):
    """Lines of a product that end within `days`, of the customers that match `condition`."""

    product: AnalyticsProduct
    days: int
    condition: AllOf = EVERYTHING


class RightSizing(Struct, frozen=True):
    """The licences of one entitlement in a product, and the number with which it could be renewed."""

    entitlement_id: str
    total: int
    assigned: int
    used_last_three_months: int
    suggested_total: int


async def read_end_groups(
    scope: Scope, product: AnalyticsProduct | None, months: int, customers: CustomerConditions
) -> list[EndGroup]:
    """Return the running entitlements whose next end falls in the present calendar month or one of those after it.

    Without a product, all entitlements and all their lines count. `customers` are the conditions that
    `visible_customers` returns.
    """
    horizon = datetime.combine(later_month(month_of(scope.now), months), time())
    where = {**scope.match(), "is_running": True, "ends_at": {"$gt": scope.now, "$lt": horizon}}
    if product is not None:
        where["product"] = str(product)
    documents: list[Document] = []
    for part in customers:
        documents += await _sum_ends(scope, {**where, **part}, has_product=product is not None)
    return [_read_group(document) for document in documents]


async def _sum_ends(scope: Scope, where: Document, *, has_product: bool) -> list[Document]:
    """Return the sums by month, term and currency, from the keys of the index alone where that is right.

    They have the earliest stored peak of a line. It lies before the period where no snapshot was taken for days, and
    another peak, which only the document has, is the highest of the period then.
    """

    async def read(highest_used: Document) -> list[Document]:
        pipeline = [{"$match": where}, *_group_ends(highest_used, has_product=has_product)]
        return await scope.collection(COLLECTION).aggregate(pipeline, hint=ENDS_INDEX)

    from_keys = await read({"$max": ["$used", f"${PEAK_USED_FIELD}"]})
    earliest = [document[PEAK_DAY_FIELD] for document in from_keys if document[PEAK_DAY_FIELD] is not None]
    is_right = not earliest or min(earliest) >= first_use_day(scope.now)
    return from_keys if is_right else await read(_highest_used(scope.now))


def _group_ends(highest_used: Document, *, has_product: bool) -> Sequence[Document]:
    # One line of each entitlement counts it. With a product, each entitlement has one line.
    is_first = True if has_product else "$is_first"
    key = {
        "month": {"$dateTrunc": {"date": "$ends_at", "unit": "month"}},
        "term": {"$cond": ["$renews", "$term_months", None]},
        "currency": {"$cond": [is_first, "$invoice_currency", None]},
    }
    sums = {
        "entitlements": {"$sum": {"$cond": [is_first, 1, 0]}},
        "licenses": {"$sum": "$total"},
        "unassigned": {"$sum": {"$max": [0, {"$subtract": ["$total", "$assigned"]}]}},
        "unused": {"$sum": {"$max": [0, {"$subtract": ["$total", highest_used]}]}},
        "value": {"$sum": {"$cond": [is_first, {"$toDecimal": "$invoice_amount"}, None]}},
        PEAK_DAY_FIELD: {"$min": f"${PEAK_DAY_FIELD}"},
    }
    return [{"$group": {"_id": key, **sums}}, {"$set": {"value": {"$toString": "$value"}}}]


def _highest_used(now: datetime) -> Document:
    """Return the expression of `highest_used` (domain/entitlements/use_peaks.py)."""
    in_period = {
        "$filter": {"input": f"${PEAKS_FIELD}", "cond": {"$gte": ["$$this.day", first_use_day(now)]}, "limit": 1}
    }
    return {"$max": ["$used", {"$first": {"$map": {"input": in_period, "in": "$$this.used"}}}]}


def _read_group(document: Document) -> EndGroup:
    key = document["_id"]
    currency, amount = key.get("currency"), Decimal(document["value"])
    return EndGroup(
        date(key["month"].year, key["month"].month, 1),
        key.get("term"),
        EndSums(
            document["entitlements"],
            document["licenses"],
            document["unassigned"],
            document["unused"],
            None if currency is None else Money(amount, currency),
        ),
    )


def list_right_sizing(scope: Scope, query: RightSizingQuery, customers: CustomerConditions) -> Listing[RightSizing]:
    """Return the table: the lines with more licences than they need, those with the most to spare first."""
    where = {**scope.match(), "product": str(query.product), **match_ending(scope.now, query.days)}
    needed = {"$max": ["$assigned", _highest_used(scope.now)]}
    # The quotient of integers is exact where it is an integer, so that rounding up is right.
    suggested = {"$max": [1, {"$ceil": {"$divide": [{"$multiply": [11, needed]}, 10]}}]}
    stages: list[Document] = [
        {"$set": {_SUGGESTED: {"$toInt": suggested}}},
        {"$set": {_SPARE: {"$subtract": ["$total", f"${_SUGGESTED}"]}}},
    ]
    return Listing(
        scope,
        COLLECTION,
        where,
        _SPARE_COLUMNS,
        RightSizingReader(scope.now).read,
        ("right_sizing", *map(str, query)),
        customers,
        computed=Computed(stages, {_SPARE: {"$gt": 0}}),
    )


class RightSizingReader(NamedTuple):
    """Turns a document of the table into its row."""

    now: datetime

    def read(self, document: Document) -> RightSizing:
        """Return the row."""
        used = highest_used(document["used"], document[PEAKS_FIELD], self.now)
        return RightSizing(
            document["entitlement_id"], document["total"], document["assigned"], used, document[_SUGGESTED]
        )
