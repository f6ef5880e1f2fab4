"""Licence reports: which rows each has to the millisecond, what they add up to, and their tables in every order."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from domain.entitlements.peer_groups import PeerGroup
from domain.entitlements.report_figures import ReportSums
from domain.failures import InvalidCursor
from domain.paging import PageRequest
from domain.types import AnalyticsProduct, EntitlementReportOrderField, LicenseReport, OrderDirection, PartnerRole
from store.customers.visibility import visible_customers
from store.database.client import Client
from store.database.scope import Scope
from store.licenses.peer_groups import read_peer_group
from store.licenses.reports import LicenseReports, Report, ReportOrder, ReportRow
from tests.factory_documents import assignment
from tests.store.factory_customers import DAY, add_customer, partner_scope, trial
from tests.store.licenses.factory_lines import NOW, held

F, D, N = EntitlementReportOrderField, OrderDirection, LicenseReport
MS = timedelta(milliseconds=1)
MEETINGS, CALLING = AnalyticsProduct.MEETINGS, AnalyticsProduct.CALLING


@pytest.fixture
async def scope(client: Client) -> Scope:
    """A partner, looked at from NOW."""
    return replace(await partner_scope(client), now=NOW)


async def load_reports(scope: Scope) -> LicenseReports:
    """The reports over all visible customers."""
    return LicenseReports(scope, await visible_customers(scope))


async def numbers(
    scope: Scope, report: Report, order: ReportOrder | None = None, threshold: float | None = None
) -> str:
    """The numbers of a table's first page, in order."""
    page = await (await load_reports(scope)).listing(report, order, threshold).page(PageRequest(first=200))
    return " ".join(line.subscription_id for line in page.rows)


async def sums(scope: Scope, report: Report, threshold: float | None = None) -> ReportSums:
    return await (await load_reports(scope)).read_sums(report, threshold)


async def test_recently_added_is_a_window_of_instants_in_any_state_but_cancelled(scope: Scope) -> None:
    await add_customer(
        scope,
        "C-1",
        held("A-1", added_at=NOW),
        held("A-2", added_at=NOW + MS),
        held("A-3", added_at=NOW - 90 * DAY + MS),
        held("A-4", added_at=NOW - 90 * DAY),
    )
    recent: dict[str, Any] = {"added_at": NOW - DAY}
    await add_customer(
        scope,
        "C-2",
        held("B-1", cancelled_at=NOW, **recent),
        held("B-2", cancelled_at=NOW + MS, **recent),
        held("B-3", starts_at=NOW - 9 * DAY, ends_at=NOW - 8 * DAY, **recent),
        held("B-4", starts_at=NOW + 9 * DAY, **recent),
        held("B-5", set_up=False, **recent),
    )
    report = Report(N.RECENTLY_ADDED, MEETINGS, 90)
    assert await numbers(scope, report) == "A-1 B-2 B-3 B-4 B-5 A-3"
    assert await sums(scope, report) == ReportSums(2, 60, 30, 18, 30, 0)
    assert await numbers(scope, Report(N.RECENTLY_ADDED, MEETINGS, 1)) == "A-1"
    assert await numbers(scope, Report(N.RECENTLY_ADDED, CALLING, 90)) == ""


async def ends(scope: Scope, **facts: Any) -> None:
    """Entitlements that end around both edges of a window of 90 days."""
    moments = {"E-1": NOW + MS, "E-2": NOW + 90 * DAY, "E-3": NOW + 90 * DAY + MS, "E-0": NOW}
    await add_customer(scope, "C-1", *(held(number, ends_at=end, **facts) for number, end in moments.items()))


async def test_expiring_is_what_runs_and_does_not_renew(scope: Scope) -> None:
    await ends(scope)
    soon: dict[str, Any] = {"ends_at": NOW + 2 * DAY}
    await add_customer(
        scope,
        "C-2",
        held("S-1", auto_renew=True, **soon),
        held("S-2", set_up=False, **soon),
        held("S-3", starts_at=NOW + DAY, **soon),
        held("S-4", cancelled_at=NOW - DAY, **soon),
        held("S-5", suspended=True, **soon),
        trial("T-1", ends_at=NOW + 3 * DAY, licenses=held("", total=0, assigned=4, used=0)["licenses"]),
    )
    assert await numbers(scope, Report(N.EXPIRING, MEETINGS, 90)) == "E-1 S-5 T-1 E-2"
    assert await numbers(scope, Report(N.EXPIRING, MEETINGS, 2)) == "E-1 S-5"
    assert await sums(scope, Report(N.EXPIRING, MEETINGS, 90)) == ReportSums(2, 30, 19, 9, 15, 4)


async def test_renewing_is_what_runs_and_renews(scope: Scope) -> None:
    await ends(scope, auto_renew=True)
    await add_customer(scope, "C-2", held("S-1", ends_at=NOW + DAY), trial("T-1", ends_at=NOW + DAY, auto_renew=True))
    assert await numbers(scope, Report(N.RENEWING, MEETINGS, 90)) == "E-1 E-2"
    assert await numbers(scope, Report(N.EXPIRING, MEETINGS, 1)) == "S-1 T-1"


async def test_over_limit_is_what_runs_with_more_assigned_than_ordered(scope: Scope) -> None:
    ended: dict[str, Any] = {"starts_at": NOW - 9 * DAY, "ends_at": NOW - 8 * DAY}
    over = held("S-1", 10, 11), held("S-2", 10, 10), held("S-3", 0, 7, 7), held("S-4", 1, 9, **ended)
    await add_customer(scope, "C-1", *over)
    await add_customer(scope, "C-2", held("S-5", 3, 10))
    report = Report(N.OVER_LIMIT, MEETINGS)
    assert await numbers(scope, report) == "S-3 S-5 S-1"
    assert await sums(scope, report) == ReportSums(2, 13, 28, 13, 0, 15)


async def test_low_assignment_is_below_the_threshold_of_the_whole_partners_peers(scope: Scope) -> None:
    rates = [0, 1, 2, 3, 4, 5, 6, 7, 8]
    for rate in rates:
        assignments = [assignment("adm_1")] if rate in (1, 8) else []
        await add_customer(scope, f"C-{rate}", held(f"S-{rate}", 10, rate, 0), assignments=assignments)
    await add_customer(scope, "C-9", held("S-9", 4, 0, 0), held("S-10", 10, 0, 0, added_at=NOW - 30 * DAY + MS))
    group = await read_peer_group(scope, MEETINGS, NOW)
    assert group == PeerGroup(9, 0.2)
    report = Report(N.LOW_ASSIGNMENT, MEETINGS)
    assert await numbers(scope, report, threshold=group.threshold) == "S-0 S-1"
    assert await sums(scope, report, group.threshold) == ReportSums(2, 20, 1, 0, 19, 0)
    own = replace(scope, administrator_id="adm_1", role=PartnerRole.ADMINISTRATOR)
    assert await read_peer_group(own, MEETINGS, NOW) == group
    assert await numbers(own, report, threshold=group.threshold) == "S-1"
    assert await sums(own, report, group.threshold) == ReportSums(1, 10, 1, 0, 9, 0)
    # A group that is too small has no threshold, and nothing is low.
    assert await numbers(scope, report) == ""
    assert await sums(scope, report) == ReportSums()


async def test_an_assigned_administrator_sees_rows_of_their_customers(scope: Scope) -> None:
    for number in (1, 2, 3):
        assignments = [assignment("adm_1", expires_at=NOW + (2 - number) * MS)]
        await add_customer(scope, f"C-{number}", held(f"S-{number}", 1, 3), assignments=assignments)
    own = replace(scope, administrator_id="adm_1", role=PartnerRole.ADMINISTRATOR)
    assert await numbers(own, Report(N.OVER_LIMIT, MEETINGS)) == "S-1"
    assert (await sums(own, Report(N.OVER_LIMIT, MEETINGS))).customers == 1
    nobody = replace(own, administrator_id="adm_2")
    assert await numbers(nobody, Report(N.OVER_LIMIT, MEETINGS)) == ""
    helpdesk = replace(own, role=PartnerRole.READ_ONLY_ADMINISTRATOR)
    assert await numbers(helpdesk, Report(N.OVER_LIMIT, MEETINGS)) == "S-1 S-2 S-3"


async def test_a_removed_customer_and_another_partner_have_no_rows(scope: Scope, client: Client) -> None:
    await add_customer(scope, "C-1", held("S-1", 1, 3), removed_at=NOW - DAY)
    other = await partner_scope(client, "other")
    await add_customer(other, "C-1", held("S-1", 1, 3))
    assert await numbers(scope, Report(N.OVER_LIMIT, MEETINGS)) == ""


Key = Callable[[ReportRow], Any]
# What each order sorts by; names of customers are equal to their external ids' order here.
KEYS: dict[EntitlementReportOrderField, Key] = {
    F.ADDED_AT: lambda line: line.added_at,
    F.TOTAL: lambda line: line.total,
    F.ASSIGNED_PERCENT: lambda line: line.assigned_percent,
    F.USED_PERCENT: lambda line: line.used_percent,
    F.OVERAGE: lambda line: line.overage,
}
WHOLE = Report(N.RECENTLY_ADDED, MEETINGS, 365)


async def fill(scope: Scope) -> dict[str, tuple[str, datetime]]:
    """Rows with ties in every field; by number, the customer's folded name and the end."""
    told: dict[str, tuple[str, datetime]] = {}
    for number, (total, assigned) in enumerate(product((0, 4, 10), (0, 4, 7))):
        name = ["Émile", "bravo", "Acme"][number % 3]
        lines = [
            held(
                f"{letter}-{number}",
                total,
                assigned,
                assigned // 2,
                added_at=NOW - (number % 4) * DAY,
                ends_at=NOW + (number % 2 + 1) * DAY,
            )
            for letter in "ZA"
        ]
        await add_customer(scope, f"C-{number}", *lines, name=name)
        told |= {line["number"]: (name.lower().replace("é", "e"), line["ends_at"]) for line in lines}
    return told


def in_order(rows: list[ReportRow], told: dict[str, tuple[str, datetime]], order: ReportOrder) -> list[str]:
    """The numbers as plain Python sorts them."""
    known: dict[EntitlementReportOrderField, Key] = {**KEYS, F.ENDS_AT: lambda line: told[line.subscription_id][1]}
    known[F.CUSTOMER_NAME] = lambda line: told[line.subscription_id][0]
    key = known[order.field]
    tied = sorted(rows, key=lambda line: (told[line.subscription_id][0], line.subscription_id))
    there = [line for line in tied if key(line) is not None]
    if order.field is F.CUSTOMER_NAME:
        there.sort(key=lambda line: line.subscription_id)
    there.sort(key=key, reverse=order.direction is D.DESC)
    return [line.subscription_id for line in [*there, *(line for line in tied if key(line) is None)]]


async def test_every_order_both_ways_pages_through_all_rows_nulls_last(scope: Scope) -> None:
    told = await fill(scope)
    reports = await load_reports(scope)
    everything = list((await reports.listing(WHOLE, None, None).page(PageRequest(first=200))).rows)
    assert len(everything) == 18
    for order in (ReportOrder(*chosen) for chosen in product(F, D)):
        expected = in_order(everything, told, order)
        listing = reports.listing(WHOLE, order, None)
        for size in (1, 4, 18):
            seen: list[str] = []
            after = None
            while True:
                page = await listing.page(PageRequest(first=size, after=after))
                seen += [line.subscription_id for line in page.rows]
                assert page.has_previous is (after is not None)
                if not page.has_next:
                    break
                after = page.end_cursor
            assert seen == expected, (order, size)
        assert await listing.count() == 18


async def test_a_cursor_belongs_to_one_report_product_window_order_and_partner(scope: Scope, client: Client) -> None:
    await fill(scope)
    order = ReportOrder(F.TOTAL, D.ASC)
    (cursor, *_) = (await (await load_reports(scope)).listing(WHOLE, order, None).page(PageRequest())).cursors
    others = [
        (scope, WHOLE._replace(days=364), order),
        (scope, WHOLE._replace(product=CALLING), order),
        (scope, WHOLE._replace(name=N.EXPIRING), order),
        (scope, WHOLE, ReportOrder(F.TOTAL, D.DESC)),
        (scope, WHOLE, ReportOrder(F.OVERAGE, D.ASC)),
        (scope, WHOLE, None),
        (replace(await partner_scope(client, "other"), now=NOW), WHOLE, order),
    ]
    for reached, report, chosen in others:
        listing = (await load_reports(reached)).listing(report, chosen, None)
        with pytest.raises(InvalidCursor):
            await listing.page(PageRequest(after=cursor))
    same = (await load_reports(replace(scope, now=NOW + MS))).listing(WHOLE, order, None)
    assert len((await same.page(PageRequest(after=cursor))).rows) == 17


async def test_without_visible_customers_a_report_is_empty(scope: Scope) -> None:
    own = replace(scope, administrator_id="adm_1", role=PartnerRole.ADMINISTRATOR)
    await add_customer(scope, "C-1", held("E-1", 5, 9))
    report = Report(N.OVER_LIMIT, MEETINGS)
    assert await sums(own, report) == ReportSums()
    assert await numbers(own, report) == ""
