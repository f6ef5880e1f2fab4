"""The pages of licence reports: of customers in parts or behind a filter, and far behind the first page."""

from functools import partial
from itertools import product
from math import ceil

import pytest
from msgspec.structs import replace

from domain.customers.filter import parse_filter
from domain.entitlements.report_figures import ReportSums
from domain.paging import PageRequest
from domain.types import AnalyticsProduct, EntitlementReportOrderField, LicenseReport, OrderDirection
from store.customers.visibility import ALL_CUSTOMERS, CustomerRowFilter, select_customers, visible_customers
from store.database.client import Client
from store.database.pages import Listing
from store.database.scope import Scope
from store.licenses.lines import COLLECTION
from store.licenses.reports import LicenseReports, Report, ReportOrder, ReportRow
from tests.store.factory_customers import DAY, add_customer, partner_scope
from tests.store.licenses.factory_lines import NOW, held

F, D, N = EntitlementReportOrderField, OrderDirection, LicenseReport
MEETINGS = AnalyticsProduct.MEETINGS


@pytest.fixture
async def scope(client: Client) -> Scope:
    """A partner, looked at from NOW."""
    return replace(await partner_scope(client), now=NOW)


async def read_pages(listing: Listing[ReportRow], size: int) -> list[str]:
    """The numbers of all pages, read forward; the page before each is also read backward."""
    pages = [await listing.page(PageRequest(first=size))]
    while pages[-1].has_next:
        pages.append(await listing.page(PageRequest(first=size, after=pages[-1].end_cursor)))
        before = await listing.page(PageRequest(last=size, before=pages[-1].start_cursor))
        assert (before.rows, before.has_next) == (pages[-2].rows, True)
    return [row.number for page in pages for row in page.rows]


@pytest.mark.parametrize("ids_per_query", [1, 2])
async def test_customers_too_many_for_one_query_are_read_in_parts(scope: Scope, ids_per_query: int) -> None:
    for number in range(5):
        figures = [(0, 4), (5, 5 + number), (8, 9)]
        lines = [held(f"E-{number}-{n}", total, assigned) for n, (total, assigned) in enumerate(figures)]
        await add_customer(scope, f"C-{number}", *lines, name="Alpha" if number % 2 else "Beta")
    condition = parse_filter({"managed_by": ["PARTNER_ORGANIZATION"]})
    assert len(await visible_customers(scope, condition)) == 1
    parts = await visible_customers(scope, condition, ids_per_query=ids_per_query)
    assert len(parts) == ceil(5 / ids_per_query)
    whole, split = LicenseReports(scope, ALL_CUSTOMERS), LicenseReports(scope, parts)
    report = Report(N.OVER_LIMIT, MEETINGS)
    assert await whole.read_sums(report, None) == ReportSums(5, 60, 95, 42, 0, 35)
    assert await split.read_sums(report, None) == ReportSums(5, 60, 95, 42, 0, 35)
    for field, direction in product(F, D):
        order = ReportOrder(field, direction)
        expected = (await whole.listing(report, order, None).page(PageRequest(first=200))).rows
        listing = split.listing(report, order, None)
        assert await read_pages(listing, 4) == [row.number for row in expected]
        assert await listing.count() == len(expected) == 14


async def add_customers_with_lines(scope: Scope) -> None:
    for number in range(6):
        lines = [held(f"E-{number}-{n}", 5, 5 + number + n) for n in range(3)]
        await add_customer(scope, f"C-{number}", *lines, country="DE" if number % 2 else "AT")


@pytest.mark.parametrize("most", [1, 2, 3])
async def test_a_filter_of_rows_and_conditions_on_their_customers_give_the_same_pages(scope: Scope, most: int) -> None:
    await add_customers_with_lines(scope)
    condition = parse_filter({"country": ["DE"]})
    read_all = partial(visible_customers, scope, condition)
    selected = await select_customers(scope, condition, read_all, most=most)
    assert isinstance(selected, CustomerRowFilter) == (most < 3)
    row_filter = selected if isinstance(selected, CustomerRowFilter) else None
    report, reports = Report(N.OVER_LIMIT, MEETINGS), LicenseReports(scope, await visible_customers(scope, condition))
    expected = (await reports.listing(report, None, None).page(PageRequest(first=200))).rows
    assert len(expected) == 9
    every = LicenseReports(scope, ALL_CUSTOMERS) if row_filter else reports
    for order in (None, ReportOrder(F.TOTAL, D.DESC), ReportOrder(F.CUSTOMER_NAME, D.ASC)):
        listing = every.listing(report, order, None, row_filter)
        in_order = (await reports.listing(report, order, None).page(PageRequest(first=200))).rows
        for size in (1, 2, 4, 9):
            assert await read_pages(listing, size) == [row.number for row in in_order]
        assert await listing.count() == 9
    assert await select_customers(scope, parse_filter({"country": ["FR"]}), read_all, most=most) == ()
    assert await select_customers(scope, parse_filter({}), read_all, most=most) == ALL_CUSTOMERS


@pytest.mark.parametrize("max_examined", [1, 2, 7, 18])
async def test_lines_of_few_customers_are_found_by_queries_that_each_go_over_few(
    scope: Scope, max_examined: int
) -> None:
    await add_customers_with_lines(scope)
    parts = await visible_customers(scope, parse_filter({"country": ["DE"]}))
    for report in (Report(N.OVER_LIMIT, MEETINGS), Report(N.EXPIRING, MEETINGS, 401)):
        whole = LicenseReports(scope, parts).listing(report, None, None)
        listing = replace(whole, max_examined=max_examined)
        expected = [row.number for row in (await whole.page(PageRequest(first=200))).rows]
        assert len(expected) == 9
        for size in (1, 4, 9):
            assert await read_pages(listing, size) == expected


async def add_many_lines(scope: Scope, lines: int) -> None:
    """Copies of the one line of a customer, many of which tie."""
    await add_customer(scope, "C-1", held("E-0", 10, 2, added_at=NOW - 40 * DAY), name="Acme")
    (line,) = await scope.collection(COLLECTION).find(scope.match())
    tied = {"ends_at": NOW + 40 * DAY, "added_at": NOW - 40 * DAY, "overage": 2, "renews": False}
    copies = [{**line, **tied, "_id": f"{number}", "number": f"E-{number:05}"} for number in range(lines)]
    for copy in copies[::2]:
        copy["renews"] = True
    await scope.collection(COLLECTION).insert_many(copies)


@pytest.mark.parametrize("name", LicenseReport)
async def test_a_page_far_behind_the_first_examines_no_more_than_the_first(scope: Scope, name: LicenseReport) -> None:
    await add_many_lines(scope, 1_500)
    listing = LicenseReports(scope, ALL_CUSTOMERS).listing(Report(name, MEETINGS, 365), None, 0.5)
    await scope.client.command({"profile": 2})
    page = await listing.page(PageRequest(first=50))
    for _ in range(12):
        page = await listing.page(PageRequest(first=50, after=page.end_cursor))
    assert len(page.rows) == 50
    backward = await listing.page(PageRequest(last=50, before=page.start_cursor))
    assert len(backward.rows) == 50
    await scope.client.command({"profile": 0})
    queries = await scope.client.collection("system.profile").find({"op": "query", "command.find": COLLECTION})
    assert len(queries) >= 14
    # Every second line renews. The rows before and behind a page are looked at, too.
    assert max(query["keysExamined"] for query in queries) <= 2 * 52 + 4
    assert not any(query.get("hasSortStage") for query in queries)
