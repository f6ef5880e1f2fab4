"""Licence analytics over HTTP: every figure and column, roles, pages, days past, and what a page costs."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.entitlements.license_snapshots import start_of_day
from domain.imports.records import ImportKind
from domain.time.instants import add_months
from domain.time.weeks import WEEK, latest_completed_week
from domain.types import PartnerRole
from store.database.client import Client
from store.database.clock import utc_now
from store.licenses.snapshots import take_snapshots
from tests.api_server import ApiHarness
from tests.domain.imports.factory_records import usage_record
from tests.factory_documents import DAY, assignment, line, put_customer, trial
from tests.jobs.imports.factory_imports import documents, import_lines
from tests.schema.factory_mutations import token_of
from tests.schema.test_query_counts import NOT_EXPLAINED, InProcessPartner, QueryRecorder
from tests.store.factory_customers import add_customer, subscription

ROW = """subscriptionId trial autoRenew total assigned used available overage assignedPercent usedPercent
  daysSinceAdded monthsSinceAdded daysToExpiry monthsRemaining weeklyAssignmentChange weeklyUsageChange
  usedLastThreeMonths customer { externalId } entitlement { id daysRemaining state }"""
TABLE = f"entitlements {{ totalCount nodes {{ {ROW} }} }}"
NUMBERS = "entitlements { totalCount nodes { subscriptionId } }"
REPORTS: Mapping[str, str] = {
    "recentlyAdded": "newCustomers totalLicenses",
    "expiring": "expiringCustomers licenseAssignmentPercent licenseUsagePercent",
    "renewing": "renewingCustomers licenseAssignmentPercent licenseUsagePercent",
    "lowAssignment": """lowAssignmentCustomers licenseAssignmentPercent licenseUsagePercent usageWhenAssignedPercent
      unassignedLicenses peerGroupSize thresholdPercent""",
    "overLimit": "customersWithOverage licensesInOverage averageOverage",
}
EVERYTHING = " ".join(f"{name} {{ {figures} {NUMBERS} }}" for name, figures in REPORTS.items())


def analytics(
    api: ApiHarness, token: str, selection: str, product: str = "CALLING", **variables: Any
) -> dict[str, Any]:
    query = f"query($p: AnalyticsProduct!) {{ licenseAnalytics(product: $p) {{ {selection} }} }}"
    found: dict[str, Any] = api.execute_data(token, query, p=product, **variables)["licenseAnalytics"]
    return found


def figures(report: Mapping[str, Any]) -> tuple[list[Any], list[str]]:
    """The KPIs of a report in their order, and the numbers of its rows."""
    rows = [row["subscriptionId"] for row in report["entitlements"]["nodes"]]
    assert report["entitlements"]["totalCount"] == len(rows)
    return [value for name, value in report.items() if name != "entitlements"], rows


def put_everything(api: ApiHarness, holder: str) -> None:
    """Peers with rates of 0 to 80 %, and something for each report; `holder` has customers of each."""
    now = utc_now()
    old = {"added_at": now - 100 * DAY, "starts_at": now - 100 * DAY}
    mine: dict[str, Any] = {"assignments": [assignment(holder)]}
    for number in range(9):
        lines = [line("CALLING", 10, number, number // 2)]
        put_customer(api, f"P-{number}", subscription(f"P-{number}", licenses=lines, **old), **(mine if number else {}))
    soon = {**old, "ends_at": now + 50 * DAY}
    put_customer(
        api,
        "OVER",
        subscription("O-1", licenses=[line("CALLING", 10, 14, 7)], **soon, auto_renew=True),
        subscription("O-2", licenses=[line("CALLING", 4, 5, 1)], **soon),
        trial("O-3", licenses=[line("CALLING", 0, 2, 2)], added_at=now - DAY, ends_at=now + 20 * DAY),
        **mine,
    )
    put_customer(api, "OVER-2", subscription("O-4", licenses=[line("CALLING", 10, 12, 0)], **soon))


@pytest.fixture
def holder(api: ApiHarness) -> str:
    return api.add_administrator("ADMINISTRATOR")


@pytest.mark.parametrize("role", ["FULL_ADMINISTRATOR", "READ_ONLY_ADMINISTRATOR"])
def test_each_figure_is_over_the_rows_of_its_own_table(api: ApiHarness, holder: str, role: str) -> None:
    put_everything(api, holder)
    found = analytics(api, token_of(api, role), f"product asOf {EVERYTHING}")
    assert found["product"] == "CALLING" and found["asOf"].endswith("Z")
    assert figures(found["recentlyAdded"]) == ([1, 0], ["O-3"])
    assert figures(found["expiring"]) == ([2, 19 / 14 * 100, 3 / 14 * 100], ["O-3", "O-2", "O-4"])
    assert figures(found["renewing"]) == ([1, 140.0, 70.0], ["O-1"])
    # Eleven peers: the nine, and the two that have ten licences and more assigned.
    assert figures(found["lowAssignment"]) == ([2, 5.0, 0.0, 0.0, 19, 11, 20.0], ["P-0", "P-1"])
    assert figures(found["overLimit"]) == ([2, 9, 4.5], ["O-1", "O-3", "O-4", "O-2"])


def test_an_assigned_administrator_has_figures_of_their_customers_and_everybodys_peers(
    api: ApiHarness, holder: str
) -> None:
    put_everything(api, holder)
    found = analytics(api, api.token(holder), EVERYTHING)
    assert figures(found["lowAssignment"]) == ([1, 10.0, 0.0, 0.0, 9, 11, 20.0], ["P-1"])
    assert figures(found["overLimit"]) == ([1, 7, 7.0], ["O-1", "O-3", "O-2"])
    assert figures(found["expiring"]) == ([1, 175.0, 75.0], ["O-3", "O-2"])


def test_where_there_is_nothing_percentages_are_null(api: ApiHarness) -> None:
    found = analytics(api, token_of(api, "FULL_ADMINISTRATOR"), f"{EVERYTHING} licenseTrend {{ weekStart }}")
    assert found.pop("licenseTrend") == []
    assert [figures(report) for report in found.values()] == [
        ([0, 0], []),
        ([0, None, None], []),
        ([0, None, None], []),
        ([0, None, None, None, 0, 0, None], []),
        ([0, 0, None], []),
    ]


def test_a_report_of_lines_without_licenses_has_no_percentage(api: ApiHarness) -> None:
    put_customer(api, "ZERO", subscription("S-1", ends_at=utc_now() + DAY, licenses=[line("CALLING", 0, 3, 2)]))
    found = analytics(api, token_of(api, "FULL_ADMINISTRATOR"), f"expiring {{ licenseUsagePercent {TABLE} }}")
    assert found["expiring"]["licenseUsagePercent"] is None
    (row,) = found["expiring"]["entitlements"]["nodes"]
    assert (row["assignedPercent"], row["usedPercent"], row["overage"], row["available"]) == (None, None, 3, 0)


def test_helpdesk_may_not_read_it_and_its_neighbours_answer(api: ApiHarness) -> None:
    answer = api.execute(
        token_of(api, "HELPDESK_ADMINISTRATOR"), "{ tags { id } licenseAnalytics(product: CALLING) { asOf } }"
    )
    assert answer["data"] == {"tags": [], "licenseAnalytics": None}
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["permission"]) == ("FORBIDDEN", "READ_ANALYTICS")


def test_another_partner_sees_nothing(api: ApiHarness, holder: str) -> None:
    put_everything(api, holder)
    found = analytics(api, token_of(api, "FULL_ADMINISTRATOR", api.other), EVERYTHING)
    assert figures(found["overLimit"]) == ([0, 0, None], [])


def usage(number: str, day: datetime, assigned: int, used: int, total: int = 10) -> dict[str, Any]:
    values = {"product": "CALLING", "day": f"{day:%Y-%m-%d}", "assigned": assigned, "used": used, "total": total}
    return usage_record(number, **values)


def imported(api: ApiHarness, *lines: Any) -> None:
    assert api.store(lambda scope: import_lines(scope, ImportKind.LICENSE_USAGE, *lines)).summary.refused == 0


def test_a_row_shows_every_column(api: ApiHarness) -> None:
    now, today = utc_now(), start_of_day(utc_now())
    begun = add_months(now, -2) - timedelta(hours=1)
    end = add_months(now, 1) + timedelta(hours=30)
    facts = {"added_at": begun, "starts_at": begun, "ends_at": end}
    put_customer(api, "C-1", subscription("S-1", licenses=[line("CALLING", 10, 9, 4)], **facts))
    days = [(83, 7, 7), (14, 6, 6), (13, 3, 3), (7, 5, 2), (6, 8, 1), (0, 9, 4)]
    imported(api, *(usage("S-1", today - ago * DAY, assigned, used) for ago, assigned, used in days))
    (row,) = analytics(api, token_of(api, "FULL_ADMINISTRATOR"), f"expiring {{ {TABLE} }}")["expiring"]["entitlements"][
        "nodes"
    ]
    entitlement = row.pop("entitlement")
    assert entitlement["state"] == "ACTIVE"
    assert entitlement["daysRemaining"] == row["daysToExpiry"] == -((now - end) // DAY)
    assert row == {
        "subscriptionId": "S-1",
        "trial": False,
        "autoRenew": False,
        "total": 10,
        "assigned": 9,
        "used": 4,
        "available": 1,
        "overage": 0,
        "assignedPercent": 90.0,
        "usedPercent": 40.0,
        "daysSinceAdded": (now - begun) // DAY,
        "monthsSinceAdded": 2,
        "daysToExpiry": -((now - end) // DAY),
        "monthsRemaining": 1,
        "weeklyAssignmentChange": 4,
        "weeklyUsageChange": 2,
        "usedLastThreeMonths": 7,
        "customer": {"externalId": "C-1"},
    }


def test_changes_are_null_without_a_snapshot_of_a_week_ago_and_usage_is_todays_at_least(api: ApiHarness) -> None:
    today = start_of_day(utc_now())
    lines = [line("CALLING", 1, 5, 4)]
    put_customer(api, "C-1", *(subscription(f"S-{number}", licenses=lines) for number in (1, 2, 3)))
    imported(api, usage("S-1", today - 14 * DAY, 3, 3), usage("S-1", today - 6 * DAY, 5, 4))
    imported(api, usage("S-2", today - 13 * DAY, 2, 0), usage("S-2", today, 5, 4))
    selection = f"overLimit {{ {TABLE} }}"
    token = token_of(api, "READ_ONLY_ADMINISTRATOR")
    imported(api, *(usage(f"S-{number}", today, 5, 4, total=1) for number in (1, 2)))
    rows = analytics(api, token, selection)["overLimit"]["entitlements"]["nodes"]
    names = ("weeklyAssignmentChange", "weeklyUsageChange", "usedLastThreeMonths")
    assert {row["subscriptionId"]: [row[name] for name in names] for row in rows} == {
        "S-1": [None, None, 4],
        "S-2": [3, 4, 4],
        "S-3": [None, None, 4],
    }


def test_an_ended_entitlement_has_no_days_left_and_one_not_begun_has_passed_none(api: ApiHarness) -> None:
    now = utc_now()
    put_customer(
        api,
        "C-1",
        subscription("S-1", starts_at=now - 9 * DAY, ends_at=now - DAY),
        subscription("S-2", added_at=now - DAY, starts_at=now + 50 * DAY, ends_at=now + 400 * DAY),
    )
    found = analytics(api, token_of(api, "FULL_ADMINISTRATOR"), f"recentlyAdded {{ {TABLE} }}", "MEETINGS")
    rows = {row["subscriptionId"]: row for row in found["recentlyAdded"]["entitlements"]["nodes"]}
    assert (rows["S-1"]["daysToExpiry"], rows["S-1"]["monthsRemaining"]) == (0, 0)
    assert (rows["S-2"]["daysToExpiry"], rows["S-2"]["monthsSinceAdded"]) == (400, 0)
    assert all(row["entitlement"]["daysRemaining"] == row["daysToExpiry"] for row in rows.values())


PAGE = """query($days: Int! = 90, $first: Int, $after: String, $orderBy: EntitlementReportOrder) {
  licenseAnalytics(product: MEETINGS) { recentlyAdded(days: $days) {
    entitlements(first: $first, after: $after, orderBy: $orderBy) { totalCount nodes { subscriptionId } edges { cursor }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }"""


def page(api: ApiHarness, token: str, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = api.execute_data(token, PAGE, **given)["licenseAnalytics"]["recentlyAdded"]["entitlements"]
    return found


def test_pages_go_through_a_table_in_the_order_asked_for(api: ApiHarness) -> None:
    added = utc_now() - DAY
    held = [subscription(f"S-{number:02}", added_at=added + number * timedelta(minutes=1)) for number in range(30)]
    put_customer(api, "C-1", *held)
    token = token_of(api, "FULL_ADMINISTRATOR")
    names = [one["number"] for one in held]
    assert [row["subscriptionId"] for row in page(api, token)["nodes"]] == names[::-1][:25]
    for order, expected in (
        (None, names[::-1]),
        ({"field": "ADDED_AT"}, names),
        ({"field": "ADDED_AT", "direction": "DESC"}, names[::-1]),
        ({"field": "OVERAGE", "direction": "DESC"}, names),
    ):
        seen: list[str] = []
        after = None
        for number in range(4):
            found = page(api, token, first=8, after=after, orderBy=order)
            seen += [row["subscriptionId"] for row in found["nodes"]]
            assert (found["totalCount"], found["pageInfo"]["hasNextPage"]) == (30, number < 3)
            assert found["pageInfo"]["hasPreviousPage"] is (number > 0)
            after = found["pageInfo"]["endCursor"]
            assert found["edges"][-1]["cursor"] == after
        assert seen == expected


def test_what_cannot_be_meant_is_refused(api: ApiHarness) -> None:
    put_customer(api, "C-1", subscription("S-1"))
    token = token_of(api, "FULL_ADMINISTRATOR")
    cursor = page(api, token)["pageInfo"]["endCursor"]
    given: list[tuple[dict[str, Any], str]] = [
        ({"days": 0}, "BAD_USER_INPUT"),
        ({"days": 366}, "BAD_USER_INPUT"),
        ({"first": 0}, "BAD_USER_INPUT"),
        ({"first": 201}, "BAD_USER_INPUT"),
        ({"after": "nonsense"}, "INVALID_CURSOR"),
        ({"after": cursor, "days": 91}, "INVALID_CURSOR"),
        ({"after": cursor, "orderBy": {"field": "TOTAL"}}, "INVALID_CURSOR"),
    ]
    for variables, code in given:
        (error,) = api.execute(token, PAGE, **variables)["errors"]
        assert error["extensions"]["code"] == code, variables
    assert page(api, token, after=cursor, orderBy={"field": "ADDED_AT", "direction": "DESC"})["nodes"] == []
    for selection in (
        "licenseTrend(weeks: 0) { total }",
        "licenseTrend(weeks: 53) { total }",
        "renewing(days: -1) { renewingCustomers }",
    ):
        query = f"{{ licenseAnalytics(product: CALLING) {{ {selection} }} }}"
        (error,) = api.execute(token, query)["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


TREND = "licenseTrend { weekStart total assigned used available }"


def test_the_trend_has_a_point_for_each_completed_week_with_snapshots_late_ones_included(
    api: ApiHarness, holder: str
) -> None:
    latest = latest_completed_week(utc_now())
    for number in (1, 2):
        mine: dict[str, Any] = {"assignments": [assignment(holder)]} if number == 1 else {}
        held = subscription(f"S-{number}", licenses=[line("CALLING", 10, 5, 5)], starts_at=latest - 52 * WEEK)
        put_customer(api, f"C-{number}", held, **mine)
    imported(api, usage("S-1", latest + DAY, 12, 3), usage("S-2", latest, 4, 2), usage("S-1", latest - 11 * WEEK, 1, 1))
    imported(api, usage("S-2", latest + WEEK, 9, 9))
    token, own = token_of(api, "FULL_ADMINISTRATOR"), api.token(holder)

    def point(week: datetime, total: int, assigned: int, used: int, available: int) -> dict[str, Any]:
        start = week.date().isoformat()
        return {"weekStart": start, "total": total, "assigned": assigned, "used": used, "available": available}

    first = point(latest - 11 * WEEK, 10, 1, 1, 9)
    assert analytics(api, token, TREND)["licenseTrend"] == [first, point(latest, 20, 16, 5, 6)]
    assert analytics(api, own, TREND)["licenseTrend"] == [first, point(latest, 10, 12, 3, 0)]
    assert analytics(api, token, TREND, "MEETINGS")["licenseTrend"] == []
    # That week is closed for deliveries; its snapshots were taken then.
    ids = [one["_id"] for one in api.store(lambda scope: documents(scope, "customers", external_id="C-2"))]
    assert api.store(lambda scope: take_snapshots(scope, ids, latest - 12 * WEEK)) == 1
    wide = analytics(api, token, TREND.replace("licenseTrend", "licenseTrend(weeks: 13)"))["licenseTrend"]
    assert wide[0]["weekStart"] == (latest - 12 * WEEK).date().isoformat()
    imported(api, usage("S-2", latest + 6 * DAY, 10, 10))
    assert analytics(api, token, TREND)["licenseTrend"] == [first, point(latest, 20, 22, 13, 0)]


@pytest.fixture
async def world(mongo_uri: str, prepared_database: str) -> AsyncIterator[InProcessPartner]:
    recorder = QueryRecorder()
    client = Client(mongo_uri, prepared_database, event_listeners=[recorder])
    yield InProcessPartner(client, recorder)
    await client.close()


async def fill(world: InProcessPartner) -> None:
    """Thirty rows in every report, with their peers."""
    await world.fill(2)
    added = utc_now() - 40 * DAY
    for number in range(30):
        lines = [line("CALLING", 10, 12 if number % 2 else 1, 1)]
        facts = {"licenses": lines, "ends_at": utc_now() + 9 * DAY, "added_at": added}
        assignments = [assignment(one) for one in world.administrators]
        held = [subscription(f"X-{number}", **facts), subscription(f"Y-{number}", **facts, auto_renew=True)]
        await add_customer(world.scope, f"X-{number}", *held, assignments=assignments)


LOW = "peerGroupSize thresholdPercent lowAssignmentCustomers unassignedLicenses"


async def test_a_report_costs_what_is_selected_and_a_page_one_query_a_relation(world: InProcessPartner) -> None:
    await fill(world)
    lines, snapshots, tallies = "license_lines", "license_snapshots", "peer_histogram"
    changes = "weeklyAssignmentChange weeklyUsageChange"
    costs: Mapping[str, list[str]] = {
        "product asOf": [],
        "expiring { __typename }": [],
        "expiring { expiringCustomers licenseUsagePercent }": [lines],
        "overLimit { entitlements { totalCount } }": [lines],
        "overLimit { entitlements { nodes { subscriptionId total daysSinceAdded } } }": [lines],
        "overLimit { licensesInOverage entitlements { totalCount nodes { total } } }": [lines] * 3,
        f"expiring {{ entitlements(first: 30) {{ nodes {{ {changes} }} }} }}": [lines, snapshots],
        "renewing { entitlements(first: 30) { edges { node { usedLastThreeMonths } } } }": [lines],
        f"expiring {{ entitlements(first: 30) {{ nodes {{ {ROW} }} }} }}": [
            "customers",
            "entitlements",
            lines,
            snapshots,
        ],
        # The young lines, those of the hundredth that the rank lies in, and the kept counts.
        "lowAssignment { peerGroupSize }": [lines, lines, tallies],
        f"lowAssignment {{ {LOW} entitlements {{ nodes {{ total }} }} }}": [lines] * 4 + [tallies],
    }
    for selection, collections in costs.items():
        data = await world.ask(f"{{ licenseAnalytics(product: CALLING) {{ {selection} }} }}")
        assert world.recorder.take_collections() == collections, selection
        assert data["licenseAnalytics"]
    await world.ask("{ licenseAnalytics(product: CALLING) { licenseTrend(weeks: 52) { total } } }")
    assert world.recorder.take_collections() == ["license_customer_weeks", "license_weeks"]


async def test_no_query_of_it_scans_a_collection_or_goes_without_its_tenant(world: InProcessPartner) -> None:
    await fill(world)
    today = start_of_day(utc_now())
    await import_lines(world.scope, ImportKind.LICENSE_USAGE, usage("X-1", today - 8 * DAY, 2, 1))
    everything = " ".join(f"{name} {{ {text} {TABLE} }}" for name, text in REPORTS.items())
    for role in (PartnerRole.FULL_ADMINISTRATOR, PartnerRole.ADMINISTRATOR):
        await world.ask(f"{{ licenseAnalytics(product: CALLING) {{ {everything} {TREND} }} }}", role)
        asked = list(world.recorder.queries)
        world.recorder.take_collections()
        assert len(asked) > 20
        for command in asked:
            kept = {
                key: value for key, value in command.items() if key not in NOT_EXPLAINED and not key.startswith("$")
            }
            plan = await world.client.command({"explain": kept, "verbosity": "queryPlanner"})
            assert "COLLSCAN" not in str(plan), kept
