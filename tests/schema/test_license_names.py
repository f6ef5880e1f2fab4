"""Licence lines with names and unknown products, from the delivery to every figure of the API."""

from datetime import timedelta
from typing import Any

import pytest

from domain.entitlements.license_snapshots import start_of_day
from domain.imports.records import ImportKind
from domain.time.instants import format_instant
from domain.time.weeks import latest_completed_week
from store.changes.consistency_check import check_customers
from store.database.clock import utc_now
from store.database.scope import Scope
from store.licenses.peer_histogram import is_histogram_correct
from store.licenses.snapshots import take_snapshots
from tests.api_server import ApiHarness
from tests.domain.imports.factory_records import customer_record, order_record, subscription_record, usage_record
from tests.jobs.imports.factory_imports import Imported, documents, import_lines
from tests.schema.factory_mutations import token_of

S, U = ImportKind.SUBSCRIPTIONS, ImportKind.LICENSE_USAGE
DAY = timedelta(days=1)
NOW = utc_now()
LINE = "product name total assigned used available overage"
QUERY = f"""{{ customers(first: 3) {{ nodes {{ products statuses statusDetails {{ reason }} licenses {{ {LINE} }}
  subscriptions {{ licenses {{ {LINE} assignedPercent }} orders {{ nodes {{ lines {{ product name quantity }} }} }} }}
}} }} }}"""
ROW = """number total assigned used available overage assignedPercent weeklyAssignmentChange weeklyUsageChange
  usedLastThreeMonths"""
REPORT = f"""{{ kpis(product: CALLING) {{ overLicenseLimit {{ count }} }} licenseAnalytics(product: CALLING) {{
  recentlyAdded {{ totalLicenses entitlements {{ nodes {{ {ROW} }} }} }}
  overLimit {{ licensesInOverage customersWithOverage entitlements {{ nodes {{ number overage }} }} }}
  licenseTrend(weeks: 3) {{ total assigned used available }} }} }}"""


def line(product: str, total: int, assigned: int, name: str | None = None, used: int = 0) -> dict[str, Any]:
    named = {} if name is None else {"name": name}
    return {"product": product, **named, "total": total, "assigned": assigned, "used": used}


CALLING = [line("CALLING", 20, 10, "Workspace", 2), line("CALLING", 5, 8, "Professional", 1)]


def deliver(api: ApiHarness, kind: ImportKind, *records: Any) -> Imported:
    return api.store(lambda scope: import_lines(scope, kind, *records))


def subscribe(api: ApiHarness, *lines: dict[str, Any], number: str = "SUB-1") -> Imported:
    added = format_instant(NOW - 40 * DAY)
    times = {"addedAt": added, "startsAt": added, "endsAt": format_instant(NOW + 100 * DAY)}
    return deliver(api, S, subscription_record(number, licenses=list(lines), **times))


@pytest.fixture
def token(api: ApiHarness) -> str:
    """A full administrator; the partner has one customer."""
    deliver(api, ImportKind.CUSTOMERS, customer_record())
    return token_of(api, "FULL_ADMINISTRATOR")


def assert_consistent(api: ApiHarness) -> None:
    """What is stored follows from the facts: projection, lines, weekly sums and histogram."""

    async def problems(scope: Scope) -> list[Any]:
        found = [problem async for problem in check_customers(scope)]
        return found if await is_histogram_correct(scope) else [*found, "histogram"]

    assert api.store(problems) == []


def test_lines_are_shown_one_by_one_and_summed_by_product(api: ApiHarness, token: str) -> None:
    assert subscribe(api, line("Fax", 3, 1), *CALLING, line("WEBINARS", 1, 0)).counts == (1, 0, 0, 0)
    assert subscribe(api, *CALLING, line("WEBINARS", 1, 0), line("Fax", 3, 1)).counts == (0, 0, 1, 0)
    order = order_record(
        lines=[{"product": "CALLING", "name": "Workspace", "quantity": 2}, {"product": "Fax", "quantity": 1}]
    )
    assert deliver(api, ImportKind.ORDERS, order).counts == (1, 0, 0, 0)
    (customer,) = api.execute_data(token, QUERY)["customers"]["nodes"]
    assert customer["products"] == ["CALLING", "WEBINARS", "OTHER"]
    assert "LICENSE_OVERAGE" in customer["statuses"]
    reason = "Subscription SUB-1 has 8 Calling Professional licenses assigned and 5 ordered"
    assert reason in [detail["reason"] for detail in customer["statusDetails"]]
    shown = [tuple(one.values()) for one in customer["licenses"]]
    assert shown == [
        ("CALLING", None, 25, 18, 3, 10, 3),
        ("WEBINARS", None, 1, 0, 0, 1, 0),
        ("OTHER", None, 3, 1, 0, 2, 0),
    ]
    (subscription,) = customer["subscriptions"]
    assert [tuple(one.values()) for one in subscription["licenses"]] == [
        ("CALLING", "Professional", 5, 8, 1, 0, 3, 160.0),
        ("CALLING", "Workspace", 20, 10, 2, 10, 0, 50.0),
        ("WEBINARS", None, 1, 0, 0, 1, 0, 0.0),
        ("OTHER", "Fax", 3, 1, 0, 2, 0, pytest.approx(100 / 3)),
    ]
    ordered = [{"product": "CALLING", "name": "Workspace", "quantity": 2}]
    ordered += [{"product": "OTHER", "name": "Fax", "quantity": 1}]
    assert subscription["orders"]["nodes"] == [{"lines": ordered}]
    assert_consistent(api)


def test_lines_of_several_entitlements_are_never_netted(api: ApiHarness, token: str) -> None:
    subscribe(api, line("CALLING", 5, 8))
    subscribe(api, line("CALLING", 20, 10), number="SUB-2")
    (customer,) = api.execute_data(token, QUERY)["customers"]["nodes"]
    assert [(one["available"], one["overage"]) for one in customer["licenses"]] == [(10, 3)]


def test_usage_belongs_to_the_named_line_and_a_product_is_the_sum(api: ApiHarness, token: str) -> None:
    subscribe(api, *CALLING)
    today = start_of_day(utc_now())
    week_ago, before, name = f"{today - 7 * DAY:%Y-%m-%d}", f"{today - 8 * DAY:%Y-%m-%d}", "Professional"
    records = [
        usage_record(product="CALLING", name=name, day=week_ago, assigned=4, used=3),
        usage_record(product="CALLING", name="Workspace", day=before, assigned=7, used=5),
        usage_record(product="CALLING", name="Workspace", day=week_ago, assigned=6, used=5),
    ]
    assert deliver(api, U, *records).counts == (3, 0, 0, 0)
    assert deliver(api, U, *records).counts == (0, 0, 3, 0)
    (refused,) = deliver(api, U, usage_record(product="CALLING", day=week_ago)).reasons
    assert refused[2:] == ("name", "is missing: SUB-1 has several lines of CALLING: 'Professional', 'Workspace'")
    report = api.execute_fresh_data(token, REPORT)
    (row,) = report["licenseAnalytics"]["recentlyAdded"]["entitlements"]["nodes"]
    # Professional has now 4 of 5 assigned, and Workspace 6 of 20.
    assert tuple(row.values()) == ("SUB-1", 25, 10, 8, 15, 0, 40.0, 0, 0, 8)
    newer = usage_record(product="CALLING", name=name, day=f"{today:%Y-%m-%d}", assigned=9, used=1)
    assert deliver(api, U, newer).counts == (1, 0, 0, 0)
    report = api.execute_fresh_data(token, REPORT)
    (row,) = report["licenseAnalytics"]["recentlyAdded"]["entitlements"]["nodes"]
    assert tuple(row.values()) == ("SUB-1", 25, 15, 6, 14, 4, 60.0, 5, -2, 8)
    assert report["kpis"]["overLicenseLimit"] == {"count": 1}
    assert report["licenseAnalytics"]["overLimit"]["licensesInOverage"] == 4
    points = report["licenseAnalytics"]["licenseTrend"]
    assert {"total": 25, "assigned": 10, "used": 8, "available": 15} in points
    assert_consistent(api)


def test_the_job_takes_a_snapshot_of_each_line(api: ApiHarness, token: str) -> None:
    subscribe(api, *CALLING, line("Fax", 3, 1))
    yesterday = start_of_day(utc_now()) - DAY
    usage = usage_record(product="CALLING", name="Workspace", day=f"{yesterday:%Y-%m-%d}", assigned=3, used=2)
    assert deliver(api, U, usage).counts == (1, 0, 0, 0)

    async def take(scope: Scope) -> list[int]:
        customers = await documents(scope, "customers")
        return [await take_snapshots(scope, [customers[0]["_id"]], yesterday) for _ in range(2)]

    assert api.store(take) == [1, 0]
    stored = api.store(lambda scope: documents(scope, "license_snapshots"))
    assert {one["name"]: (one["assigned"], "by_system" in one) for one in stored} == {
        "Workspace": (3, False),
        "Professional": (8, True),
    }
    assert_consistent(api)


def test_a_line_that_gets_a_name_is_the_same_line_in_every_figure(api: ApiHarness, token: str) -> None:
    subscribe(api, line("CALLING", 5, 4))
    monday = latest_completed_week(utc_now())
    days = [f"{monday + day * DAY:%Y-%m-%d}" for day in range(7)]
    nameless = [usage_record(product="CALLING", day=day, assigned=3, used=1) for day in days[:3]]
    assert deliver(api, U, *nameless).counts == (3, 0, 0, 0)
    assert subscribe(api, {"product": "CALLING", "name": "Professional", "total": 5}).counts == (0, 1, 0, 0)
    (customer,) = api.execute_data(token, QUERY)["customers"]["nodes"]
    (subscription,) = customer["subscriptions"]
    assert [(one["name"], one["assigned"]) for one in subscription["licenses"]] == [("Professional", 3)]
    named = [usage_record(product="CALLING", name="Professional", day=day, assigned=5, used=2) for day in days[3:]]
    assert deliver(api, U, *named).counts == (4, 0, 0, 0)
    stored = ("events", "customers", "entitlements", "license_snapshots", "license_customer_weeks")

    async def read_all(scope: Scope) -> list[Any]:
        return [await documents(scope, name) for name in stored]

    before = api.store(read_all)
    assert deliver(api, U, *nameless, *named).counts == (0, 0, 7, 0)
    assert api.store(read_all) == before
    week = {"total": 5, "assigned": 5, "used": 2, "available": 0}
    assert api.execute_fresh_data(token, REPORT)["licenseAnalytics"]["licenseTrend"] == [week]
    (calling,) = before[-1]
    assert [one["assigned"] for one in calling["lines"]] == [5]
    assert_consistent(api)
