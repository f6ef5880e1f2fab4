"""License analytics of a partner with 12,500 lines of a product and 52 weeks, compared with sums of the snapshots.

`python -m bench.reports [CUSTOMERS]` (10,000; about two minutes). Limits in the same run: a cached trend of 52 weeks
takes at most a tenth of one aggregation over snapshots of one day per week (daily ones are seven times as many), and a
quarter after a change of one week; the figures or a page of a report take at most four times one aggregation over all
lines of the product. Milliseconds are medians at the caller of the store.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

from msgspec.structs import replace

from domain.entitlements.license_lines import build_license_lines
from domain.paging import PageRequest
from domain.time.weeks import WEEK, latest_completed_week
from domain.types import AnalyticsProduct, EntitlementReportOrderField, LicenseReport, OrderDirection, PartnerRole
from store.customers.visibility import visible_customers
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.licenses.peer_groups import read_peer_group
from store.licenses.peer_histogram import rebuild_histogram
from store.licenses.reports import LicenseReports, Report, ReportOrder
from store.licenses.trend import read_license_trend
from store.licenses.use_peaks import build_peak_fields
from store.preparation import prepare_database
from tests.mongod import temporary_replica_set
from tests.store.factory_customers import subscription

PRODUCT, WEEKS, ROUNDS, BATCH = AnalyticsProduct.CALLING, 52, 9, 5_000
ASSIGNED_CUSTOMERS = 500
DAY = timedelta(days=1)
MeasuredCall = Callable[[], Awaitable[object]]


class Partner:
    """Documents as the write path stores them, but inserted directly, which is faster."""

    def __init__(self, customers: int) -> None:
        self._rng = Random(1)
        self._customers = customers
        self.now = utc_now()
        self.last_week = latest_completed_week(self.now)
        self._common_fields = {"partner_id": "bench", "version": 1, "created_at": self.now, "updated_at": self.now}

    def customer_documents(self) -> Iterator[Document]:
        for number in range(self._customers):
            keys = ["*", "administrator:adm_1"] if number < ASSIGNED_CUSTOMERS else ["*"]
            held = [{"administrator_id": "adm_1", "expires_at": None}] if number < ASSIGNED_CUSTOMERS else []
            name = f"customer {number:06}"
            shown = {"external_id": name, "name_folded": name, "keys": keys, "assignments": held}
            yield {"_id": f"cus_{number:06}", **self._common_fields, **shown}

    def license_line_documents(self) -> Iterator[Document]:
        """Insert five lines for every four customers; ends and additions are spread over two years."""
        for number in range(self._customers * 5 // 4):
            of, rng = number % self._customers, self._rng
            total, spread = rng.randint(0, 200), timedelta(hours=rng.randint(-9_000, 9_000))
            assigned = rng.randint(0, total + 5)
            figures = {"product": str(PRODUCT), "total": total, "assigned": assigned, "used": assigned // 2}
            ends, added = self.now + abs(spread) + DAY, self.now - abs(spread)
            held = subscription(f"S-{number:06}", licenses=[figures], ends_at=ends, auto_renew=number % 2 == 0)
            held |= {"added_at": added, "starts_at": added}
            customer = {"_id": f"cus_{of:06}", "name_folded": f"customer {of:06}"}
            for id_, line in build_license_lines(customer, [held], self.now).items():
                yield {"_id": id_, **self._common_fields, **build_peak_fields([]), **line}

    def week_documents(self) -> Iterator[Document]:
        written = {**self._common_fields, "updated_at": self.now - DAY, "is_removed": False}
        for number in range(self._customers):
            for week in self._week_starts():
                id_ = f"cus_{number:06}"
                of = {"_id": f"{id_}:{PRODUCT}:{week.date()}", "customer_id": id_, "product": str(PRODUCT)}
                yield {**of, "week": week, **written, "total": 100, "assigned": 70, "used": 40, "available": 30}

    def snapshot_documents(self) -> Iterator[Document]:
        """Insert snapshots for the last day of each week only."""
        for number in range(self._customers * 5 // 4):
            for week in self._week_starts():
                of = {"_id": f"lsn_{number}_{week.date()}", "entitlement_id": f"sub_{number:06}"}
                of |= {"customer_id": f"cus_{number % self._customers:06}", "product": str(PRODUCT)}
                yield {**of, "day": week + 6 * DAY, **self._common_fields, "total": 80, "assigned": 56, "used": 32}

    def _week_starts(self) -> list[datetime]:
        return [self.last_week - number * WEEK for number in range(WEEKS)]


async def insert_documents(client: Client, partner: Partner) -> None:
    made = {
        "customers": partner.customer_documents(),
        "license_lines": partner.license_line_documents(),
        "license_customer_weeks": partner.week_documents(),
        "license_snapshots": partner.snapshot_documents(),
    }
    for name, documents in made.items():
        waiting: list[Document] = []
        for document in documents:
            waiting.append(document)
            if len(waiting) == BATCH:
                await client.collection(name).insert_many(waiting)
                waiting = []
        await client.collection(name).insert_many(waiting)
    # The write path, which updates the histogram, was not used.
    await rebuild_histogram(Scope(client, "bench", partner.now))


async def measure_milliseconds(ask: MeasuredCall, rounds: int = ROUNDS) -> float:
    taken = []
    for _ in range(rounds):
        started = perf_counter()
        await ask()
        taken.append((perf_counter() - started) * 1000)
    return median(taken)


def print_row(name: str, taken: float, limit: float | None = None) -> None:
    print(f"{name:58} {taken:8.1f} ms" + ("" if limit is None else f"   (at most {limit:.1f})"))


async def aggregate_snapshots(scope: Scope) -> object:
    remainder = {"$max": [0, {"$subtract": ["$total", "$assigned"]}]}
    sums: dict[str, Any] = {name: {"$sum": f"${name}"} for name in ("total", "assigned", "used")}
    stages = [
        {"$match": {**scope.match(), "product": str(PRODUCT)}},
        {"$group": {"_id": "$day", **sums, "r": {"$sum": remainder}}},
    ]
    return await scope.collection("license_snapshots").aggregate(stages)


async def measure_trend(scope: Scope, partner: Partner) -> None:
    first, last = partner.last_week - (WEEKS - 1) * WEEK, partner.last_week

    async def trend(of: Scope = scope, since: datetime = first) -> None:
        assert (
            len(await read_license_trend(of, PRODUCT, since, last, await visible_customers(of)))
            == (last - since) // WEEK + 1
        )

    bare = await measure_milliseconds(lambda: aggregate_snapshots(scope), 3)
    print_row("one aggregation over a snapshot a week and line", bare)
    print_row("trend of 52 weeks, nothing kept", await measure_milliseconds(trend, 1))
    print_row("trend of 52 weeks, kept", await measure_milliseconds(trend), bare / 10)
    row = {**scope.match(), "_id": f"cus_000001:{PRODUCT}:{last.date()}"}
    await scope.collection("license_customer_weeks").update_one(row, {"$set": {"updated_at": utc_now()}})
    print_row("trend of 52 weeks, one of them just corrected", await measure_milliseconds(trend), bare / 4)
    own = replace(scope, administrator_id="adm_1", role=PartnerRole.ADMINISTRATOR)
    print_row(
        f"trend of 52 weeks over {ASSIGNED_CUSTOMERS} customers of one's own",
        await measure_milliseconds(lambda: trend(own)),
        bare / 4,
    )


async def measure_reports(scope: Scope) -> None:
    reports = LicenseReports(scope, await visible_customers(scope))
    group = await read_peer_group(scope, PRODUCT, scope.now)

    async def bare() -> None:
        stages = [
            {"$match": {**scope.match(), "product": str(PRODUCT)}},
            {"$group": {"_id": None, "n": {"$sum": "$total"}}},
        ]
        await scope.collection("license_lines").aggregate(stages)

    limit = 4 * await measure_milliseconds(bare)
    print_row("one aggregation over the product's lines", limit / 4)
    by_use = ReportOrder(EntitlementReportOrderField.USED_PERCENT, OrderDirection.ASC)
    for name in LicenseReport:
        report = Report(name, PRODUCT, 365)
        for order in (None, by_use):
            listing = reports.listing(report, order, group.threshold)
            of = f"{name.lower()}, first page{'' if order is None else ' by use'} of {await listing.count():,}"
            print_row(of, await measure_milliseconds(partial(listing.page, PageRequest())), limit)
        figures = await measure_milliseconds(partial(reports.read_sums, report, group.threshold))
        print_row(f"{name.lower()}, figures", figures, limit)


async def main(customers: int) -> None:
    """Print each figure with its limit."""
    with temporary_replica_set() as (mongod,):
        client = Client(mongod.uri, "reports", timeout_ms=None)
        await prepare_database(client)
        partner = Partner(customers)
        await insert_documents(client, partner)
        scope = Scope(client, "bench", partner.now)
        await measure_trend(scope, partner)
        await measure_reports(scope)
        await client.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
