"""Lists of customers: a partner of 200,000 and one of 2,000, in a mongod of the bench.

`python -m bench.list [CUSTOMERS]`. Limits: in the default order a single condition takes at most 1.5 times as long as
in the partner of 2,000, and examines at most 3 documents a row; the thousandth page takes as long as the first. Any
other order or conjunction takes at most 10 times as long as the default page and examines at most 4,000 documents, with
those of plans that lost a race, before the keys are counted and after. Milliseconds are medians as the caller of the
store measures them. Compared figures are measured in turns, because the speed of a machine changes within minutes.
"""

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from multiprocessing import get_context
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from bench.list_data import ADMINISTRATORS, PRODUCT_SHARES, TAGS, fill
from domain.customers.filter import parse_filter
from domain.paging import PageRequest
from domain.types import CustomerOrderField, CustomerStatus, ManagedBy, OrderDirection, SubscriptionType
from store.customers.customers import CUSTOMER_INDEXES, CustomerOrder, Customers
from store.customers.list_planner.key_statistics import count_requested_keys
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.mongod import temporary_replica_set
from tests.store.customers.factory_lists import CommandRecorder

SMALL, PAGE, ROUNDS, MAX_EXAMINED = 2_000, 50, 9, 4_000
MAX_EXAMINED_PER_ROW = 3
DATABASE = "list"
RawFilter = Mapping[str, Any]
SINGLE_CONDITIONS: list[RawFilter] = [
    {},
    *({"search": text} for text in ("mul", "dord", "株式", "gmbh", "org 0001")),
    *({"managed_by": [str(one)]} for one in ManagedBy),
    *({"product": [product]} for product in PRODUCT_SHARES),
    *({"status": [str(one)]} for one in CustomerStatus),
    *({"subscription_type": [str(one)]} for one in SubscriptionType),
    {"tag": [TAGS[0]]},
    {"tag": [TAGS[20]]},
    {"administrator": [ADMINISTRATORS[0]]},
    {"country": ["DE", "RS", "US"]},
    {"status": ["SUSPENDED", "EXPIRED"]},
    *({"expires_within_days": days} for days in (1, 30, 365)),
    *({"renews_within_days": days} for days in (1, 30, 365)),
    *({"invoice_state": [state]} for state in ("PAID", "OVERDUE")),
    *({name: has_any} for name in ("has_tags", "has_assignments") for has_any in (True, False)),
    *({"search": text} for text in ("会社", "sub 0001", "mueller")),
]
CONJUNCTIONS: list[RawFilter] = [
    {"status": ["EXPIRING_SOON"], "product": ["CALLING"]},
    {"status": ["SUSPENDED"], "product": ["REAL_TIME_TRANSLATIONS"]},
    {"status": ["LICENSE_OVERAGE"], "country": ["RS"]},
    {"status": ["EXPIRED"], "product": ["CALLING"]},
    {"status": ["EXPIRING_SOON"], "country": ["US"], "managed_by": ["EXTERNAL_ADMINISTRATOR"]},
    {"search": "mul", "status": ["EXPIRED"]},
    {"search": "mul", "product": ["CALLING"], "managed_by": ["PARTNER_ORGANIZATION"]},
    {"tag": [TAGS[3]], "status": ["TRIAL"]},
    {"tag": [TAGS[3]], "country": ["FR"], "product": ["MESSAGING"]},
    {"all_of": [{"tag": [TAGS[2]]}, {"tag": [TAGS[4]]}]},
    {"expires_within_days": 30, "product": ["CALLING"]},
    {"any_of": [{"status": ["TRIAL"]}, {"search": "mul"}]},
    {"not_": {"status": ["SUBSCRIPTION"]}},
    # Statuses that occur together rarely or always, or that are at one end of an order.
    {"all_of": [{"status": ["TRIAL"]}, {"status": ["SUBSCRIPTION"]}]},
    {"all_of": [{"status": ["SUSPENDED"]}, {"status": ["LICENSE_OVERAGE"]}]},
    {"status": ["NO_RECENT_ACTIVITY"], "subscription_type": ["TRIAL"]},
    {"status": ["READY_FOR_ORDER_SETUP"], "country": ["US"]},
    {"administrator": [ADMINISTRATORS[0]], "status": ["LICENSE_OVERAGE"]},
]
ORDERS = [CustomerOrder(*one) for one in product(CustomerOrderField, OrderDirection)]
DEFAULT_ORDER = ORDERS[0]


@dataclass(slots=True)
class Partner:
    """One partner of the bench, and the commands that its lists send."""

    client: Client
    commands: CommandRecorder
    name: str
    now: datetime
    cold: Client
    missed_limits: list[str] = field(default_factory=list)

    @property
    def customers(self) -> Customers:
        """A new reader for each page, as for each request."""
        return Customers(Scope(self.client, self.name, self.now))

    async def count_wanted_keys(self, raw: RawFilter, order: CustomerOrder) -> None:
        """Read a page and count the keys that it requests, as the job of the process does."""
        await self.customers.page(parse_filter(raw), order, PageRequest(first=PAGE))
        while await count_requested_keys(self.client):
            pass

    async def measure_page(
        self, raw: RawFilter, order: CustomerOrder, after: str | None = None, *, size: int = PAGE, rounds: int = ROUNDS
    ) -> float:
        """Return the median of some rounds in milliseconds, without the first round."""
        condition, request, times = parse_filter(raw), PageRequest(first=size, after=after), []
        for _ in range(rounds + 1):
            began = perf_counter()
            await self.customers.page(condition, order, request)
            times.append((perf_counter() - began) * 1000)
        return float(median(times[1:]))

    async def count_examined(self, raw: RawFilter, order: CustomerOrder, *, cold: bool = False) -> tuple[int, int]:
        """Return the documents that a page examines and its queries; `cold`: in a process that has counted nothing."""
        client = self.cold if cold else self.client
        self.commands.take()
        await Customers(Scope(client, self.name, self.now)).page(parse_filter(raw), order, PageRequest(first=PAGE))
        finds = [command for command in self.commands.take() if "find" in command]
        return sum([await count_examined_by(self.client, find) for find in finds]), len(finds)

    async def cursor_after(self, customers: int) -> str | None:
        """Return the cursor behind this number of customers in the default order."""
        cursor = None
        for _ in range(customers // 200):
            page = await self.customers.page(parse_filter(None), DEFAULT_ORDER, PageRequest(first=200, after=cursor))
            cursor = page.end_cursor
        return cursor


async def count_examined_by(client: Client, find: Mapping[str, Any]) -> int:
    """Return the number of documents that all plans of a find examine."""
    command = {name: find[name] for name in ("find", "filter", "sort", "limit", "projection", "hint")}
    explained = await client.command({"explain": command, "verbosity": "allPlansExecution"})
    figures = explained["executionStats"]
    losers = [plan["totalDocsExamined"] for plan in figures.get("allPlansExecution", ())][1:]
    return int(figures["totalDocsExamined"] + sum(losers))


def label(raw: RawFilter, order: CustomerOrder = DEFAULT_ORDER) -> str:
    """Return a filter and an order in one line."""
    conditions = " ".join(
        f"{name}={value if isinstance(value, str | int) else _short(value)}" for name, value in raw.items()
    )
    return f"{'' if order is DEFAULT_ORDER else f'{order.field} {order.direction} '}{conditions or 'no condition'}"[:76]


def _short(value: Any) -> str:
    return str(value).replace("'", "").replace("0" * 21, "…")


async def measure_default_order(small: Partner, large: Partner) -> None:
    """Measure each single condition in the default order, in both partners."""
    print(f"{'single condition, by name':<76} {'2,000':>8} {'large':>8} {'ratio':>6} {'examined':>8}")
    for raw in SINGLE_CONDITIONS:
        # Rounds of both in turns, so that other work of the machine slows both.
        size = min(PAGE, await small.customers.count(parse_filter(raw)))
        await small.count_wanted_keys(raw, DEFAULT_ORDER)
        await large.count_wanted_keys(raw, DEFAULT_ORDER)
        times = [
            (
                await small.measure_page(raw, DEFAULT_ORDER, size=size),
                await large.measure_page(raw, DEFAULT_ORDER, size=size),
            )
            for _ in range(3)
        ]
        at_small, at_large = (median(column) for column in zip(*times, strict=True))
        examined, _ = await large.count_examined(raw, DEFAULT_ORDER)
        ratio = at_large / at_small
        print(f"{label(raw):<76} {at_small:>8.2f} {at_large:>8.2f} {ratio:>6.2f} {examined:>8,}")
        if ratio > 1.5:
            large.missed_limits.append(f"{label(raw)}: {ratio:.2f} times the small partner")
        # The large partner's page, of which the documents are counted, may have more rows than those that are timed.
        rows = min(PAGE, await large.customers.count(parse_filter(raw)))
        if examined > MAX_EXAMINED_PER_ROW * max(1, rows):
            large.missed_limits.append(f"{label(raw)}: {examined:,} examined for {rows} rows")


async def measure_deep_pages(large: Partner, pages: int) -> None:
    """Compare the first page with a page after this number of pages."""
    cursor = await large.cursor_after(pages * PAGE)
    first, deep = await large.measure_page({}, DEFAULT_ORDER), await large.measure_page({}, DEFAULT_ORDER, cursor)
    print(f"\nfirst page {first:.2f} ms, page {pages:,} {deep:.2f} ms, ratio {deep / first:.2f}\n")


async def measure_totals(large: Partner) -> None:
    """Measure totals and facets, which are read only where they are selected."""
    print(f"{'totalCount and facets of':<76} {'total':>8} {'facets':>8}")
    for raw in ({}, {"status": ["TRIAL"]}, {"search": "mul", "product": ["CALLING"]}):
        condition, times = parse_filter(raw), []
        for read in (large.customers.count, large.customers.facets):
            began = perf_counter()
            await read(condition)
            times.append((perf_counter() - began) * 1000)
        print(f"{label(raw):<76} {times[0]:>8.0f} {times[1]:>8.0f}")


async def measure_other_orders(large: Partner) -> None:
    """Measure each single condition in the other orders, and conjunctions in all orders; print the slowest."""
    cases = [*product(SINGLE_CONDITIONS, ORDERS[1:]), *product(CONJUNCTIONS, ORDERS)]
    rows = [await measure_row(large, raw, order) for raw, order in cases]
    slow = [row for row in rows if row.ratio > 10]
    wide = [row for row in rows if max(row.examined, row.cold) > MAX_EXAMINED]
    print(f"other orders and conjunctions: {len(rows)}; median {median(row.taken for row in rows):.2f} ms")
    print(f"in one query: {sum(row.queries == 1 for row in rows)}; in two: {sum(row.queries == 2 for row in rows)}")
    print(f"above 10 times the default page: {len(slow)}; above {MAX_EXAMINED:,} examined: {len(wide)}; the slowest:")
    print(f"{'order and conditions':<76} {'ms':>8} {'ratio':>6} {'examined':>8} {'cold':>8} {'queries':>7}")
    for row in sorted(rows, reverse=True)[: max(15, len(slow))]:
        figures = f"{row.taken:>8.2f} {row.ratio:>6.1f} {row.examined:>8,} {row.cold:>8,} {row.queries:>7}"
        print(f"{row.name:<76} {figures}")
    large.missed_limits += [
        f"{row.name}: {row.examined:,} examined ({row.cold:,} uncounted), {row.taken:.0f} ms, {row.ratio:.1f} times"
        for row in sorted({*slow, *wide}, reverse=True)
    ]


class Row(NamedTuple):
    """A first page: ratio to the default page, milliseconds, documents examined with counts and without, queries."""

    ratio: float
    taken: float
    examined: int
    cold: int
    queries: int
    name: str


async def measure_row(large: Partner, raw: RawFilter, order: CustomerOrder) -> Row:
    """Measure one page of the large partner."""
    cold, _ = await large.count_examined(raw, order, cold=True)
    await large.count_wanted_keys(raw, order)
    times = [
        (await large.measure_page(raw, order, rounds=2), await large.measure_page({}, DEFAULT_ORDER, rounds=2))
        for _ in range(3)
    ]
    taken, usual = (median(column) for column in zip(*times, strict=True))
    examined, queries = await large.count_examined(raw, order)
    return Row(taken / usual, taken, examined, cold, queries, label(raw, order))


async def run_measurements(uri: str, now: datetime, customers: int) -> list[str]:
    """Print the tables; return the limits that were missed."""
    commands = CommandRecorder()
    client = Client(uri, DATABASE, timeout_ms=None, event_listeners=[commands])
    began = perf_counter()
    await client.collection("customers").create_indexes(CUSTOMER_INDEXES)
    print(f"{perf_counter() - began:.0f} s for the indexes\n")
    cold = Client(uri, DATABASE, timeout_ms=None, event_listeners=[commands])
    small, large = (Partner(client, commands, name, now, cold) for name in ("small", "large"))
    await measure_default_order(small, large)
    await measure_deep_pages(large, min(1000, customers // PAGE - 1))
    await measure_totals(large)
    await measure_other_orders(large)
    await client.close()
    await cold.close()
    return large.missed_limits


def fill_tasks(customers: int) -> Iterator[tuple[str, int, int]]:
    """Yield the customers that each process creates: partner, first number, count."""
    half = customers // 2
    yield from (("small", 0, SMALL), ("large", 0, half), ("large", half, customers - half))


def main(arguments: Sequence[str]) -> None:
    """Fill the database, measure, and print the limits that were missed."""
    customers = int(arguments[0]) if arguments else 200_000
    now = utc_now()
    with temporary_replica_set() as (mongod,):
        began = perf_counter()
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            tasks = [pool.submit(fill, mongod.uri, DATABASE, *part, now) for part in fill_tasks(customers)]
            for task in tasks:
                task.result()
        print(f"{perf_counter() - began:.0f} s to make {SMALL:,} and {customers:,} customers", flush=True)
        missed_limits = asyncio.run(run_measurements(mongod.uri, now, customers))
    print(f"\n{len(missed_limits)} limits were missed", *missed_limits, sep="\n- ")


if __name__ == "__main__":
    main(sys.argv[1:])
