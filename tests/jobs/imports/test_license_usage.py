"""Imports of license-usage: history by day, and the newest day as the current figure."""

from datetime import datetime, timedelta

from domain.imports.records import ImportKind
from domain.time.weeks import WEEK, week_of
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.domain.imports.factory_records import customer_record, days_ago, subscription_record, usage_record
from tests.jobs.imports.factory_imports import documents, find_only, import_lines
from tests.store.factory_customers import partner_scope

U = ImportKind.LICENSE_USAGE


async def subscribed(client: Client, count: int = 1) -> Scope:
    scope = await partner_scope(client)
    await import_lines(scope, ImportKind.CUSTOMERS, *(customer_record(f"C-{n}") for n in range(1, count + 1)))
    lines = [subscription_record(f"SUB-{n}", customer=f"C-{n}") for n in range(1, count + 1)]
    await import_lines(scope, ImportKind.SUBSCRIPTIONS, *lines)
    return scope


async def test_the_newest_day_is_the_current_figure_and_all_are_history(client: Client) -> None:
    scope = await subscribed(client)
    days = [days_ago(4), days_ago(2), days_ago(3)]
    lines = [usage_record(day=day, assigned=number + 11, used=number) for number, day in enumerate(days)]
    assert (await import_lines(scope, U, *lines)).counts == (3, 0, 0, 0)
    (held,) = (await find_only(scope, "entitlements"))["licenses"]
    figures = {"product": "MEETINGS", "total": 10, "assigned": 12, "used": 1}
    assert held == {**figures, "day": datetime.fromisoformat(days[1])}
    snapshots = [(f"{one['day']:%Y-%m-%d}", one["assigned"]) for one in await documents(scope, "license_snapshots")]
    assert snapshots == list(zip(days, (11, 12, 13), strict=True))
    assert "LICENSE_OVERAGE" in (await find_only(scope, "customers"))["statuses"]
    told = await find_only(scope, "events", kind="LICENSES_CHANGED")
    assert told["expires_at"] - told["created_at"] == timedelta(days=14)


async def test_repeating_writes_nothing_and_undoes_nothing(client: Client) -> None:
    scope = await subscribed(client)
    await import_lines(scope, U, usage_record(assigned=7))
    changed = subscription_record(licenses=[{"product": "MEETINGS", "total": 10, "assigned": 9, "used": 3}])
    await import_lines(scope, ImportKind.SUBSCRIPTIONS, changed)
    names = ("customers", "entitlements", "events", "license_snapshots")
    before = {name: await documents(scope, name) for name in names}
    assert (await import_lines(scope, U, usage_record(assigned=7))).counts == (0, 0, 1, 0)
    assert {name: await documents(scope, name) for name in names} == before
    assert before["entitlements"][0]["licenses"][0]["assigned"] == 9


async def test_a_newer_day_with_the_same_figures_is_no_change_of_the_customer(client: Client) -> None:
    scope = await subscribed(client)
    await import_lines(scope, U, usage_record())
    customer, events = await find_only(scope, "customers"), await documents(scope, "events")
    assert (await import_lines(scope, U, usage_record(day=days_ago(1)))).counts == (1, 0, 0, 0)
    assert await find_only(scope, "customers") == customer
    assert await documents(scope, "events") == events
    assert (await find_only(scope, "entitlements"))["licenses"][0]["day"] == datetime.fromisoformat(days_ago(1))


async def test_a_correction_changes_the_snapshot_and_the_total(client: Client) -> None:
    scope = await subscribed(client)
    await import_lines(scope, U, usage_record())
    assert (await import_lines(scope, U, usage_record(total=30, used=5))).counts == (0, 1, 0, 0)
    snapshot = await find_only(scope, "license_snapshots")
    assert (snapshot["total"], snapshot["used"], snapshot["version"]) == (30, 5, 2)
    held = (await find_only(scope, "entitlements"))["licenses"][0]
    assert (held["total"], held["assigned"], held["used"]) == (30, 7, 5)


async def test_unknown_targets_are_refused(client: Client) -> None:
    scope = await subscribed(client)
    imported = await import_lines(scope, U, usage_record("SUB-9"), usage_record(product="CALLING"), usage_record())
    assert imported.counts == (1, 0, 0, 2)
    assert imported.reasons == [
        (1, "SUB-9", "entitlement", "there is no subscription or trial 'SUB-9'"),
        (2, "SUB-1", "product", "is CALLING, of which SUB-1 has no licenses"),
    ]


async def test_a_day_that_has_not_begun_is_refused(client: Client) -> None:
    scope = await subscribed(client)
    today = utc_now()
    days = [today, today + timedelta(days=1), today + timedelta(days=365)]
    lines = [usage_record(day=f"{day:%Y-%m-%d}", assigned=number + 5) for number, day in enumerate(days)]
    imported = await import_lines(scope, U, *lines)
    assert imported.counts == (1, 0, 0, 2)
    assert imported.reasons == [(number, "SUB-1", "day", "lies in the future") for number in (2, 3)]
    assert (await find_only(scope, "entitlements"))["licenses"][0]["assigned"] == 5
    assert len(await documents(scope, "license_snapshots")) == 1


async def test_a_day_of_a_closed_week_is_refused(client: Client) -> None:
    scope = await subscribed(client)
    monday = week_of(utc_now())
    days = [f"{monday - weeks * WEEK - timedelta(days=days):%Y-%m-%d}" for weeks, days in ((12, 0), (12, 1), (13, 0))]
    imported = await import_lines(scope, U, *(usage_record(day=day) for day in days))
    reason = f"lies in the week of {monday - 13 * WEEK:%Y-%m-%d}, which is closed: it is 13 weeks old"
    assert imported.reasons == [(number, "SUB-1", "day", reason) for number in (2, 3)]
    (snapshot,) = await documents(scope, "license_snapshots")
    assert snapshot["day"] == monday - 12 * WEEK
    assert (await import_lines(scope, U, *(usage_record(day=day) for day in days))).counts == (0, 0, 1, 2)


async def test_the_figures_of_one_line_belong_together(client: Client) -> None:
    scope = await subscribed(client)
    await import_lines(scope, U, usage_record(assigned=10, used=5))
    fewer = subscription_record(licenses=[{"product": "MEETINGS", "total": 10, "assigned": 6, "used": 4}])
    assert (await import_lines(scope, ImportKind.SUBSCRIPTIONS, fewer)).counts == (0, 1, 0, 0)
    assert (await import_lines(scope, U, usage_record(assigned=10, used=8))).counts == (0, 1, 0, 0)
    (held,) = (await find_only(scope, "entitlements"))["licenses"]
    assert (held["assigned"], held["used"]) == (10, 8)


async def test_a_list_that_assigns_fewer_than_are_used_is_refused_and_says_what_is_held(client: Client) -> None:
    scope = await subscribed(client)
    await import_lines(scope, U, usage_record(assigned=7, used=4))
    fewer = subscription_record(licenses=[{"product": "MEETINGS", "total": 10, "assigned": 2}])
    imported = await import_lines(scope, ImportKind.SUBSCRIPTIONS, fewer)
    reason = "is 2, fewer than the 4 used that are held here"
    assert imported.reasons == [(1, "SUB-1", "licenses.MEETINGS.assigned", reason)]


async def test_many_entitlements_by_day(client: Client) -> None:
    scope = await subscribed(client, 120)
    days = [days_ago(22), days_ago(21), days_ago(20)]
    lines = [usage_record(f"SUB-{n}", day=day, used=n % 7) for day in days for n in range(1, 121)]
    assert (await import_lines(scope, U, *lines)).counts == (360, 0, 0, 0)
    assert {held["licenses"][0]["day"] for held in await documents(scope, "entitlements")} == {
        datetime.fromisoformat(days[2])
    }
    assert (await import_lines(scope, U, *lines)).counts == (0, 0, 360, 0)
