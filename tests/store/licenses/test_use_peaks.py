"""The stored peaks of use and invoice amounts of licence lines, through imports, the job, removals, repairs."""

from datetime import datetime
from typing import Any

from domain.imports.records import ImportKind
from store.changes.consistency_check import check_customers, repair_customers
from store.database.client import Client, UpdateMany
from store.database.scope import Scope
from store.licenses.snapshots import take_snapshots
from store.migrations import MIGRATIONS
from tests.domain.imports.factory_records import (
    customer_record,
    days_ago,
    invoice_record,
    subscription_record,
    usage_record,
)
from tests.jobs.imports.factory_imports import documents, find_only, import_lines
from tests.store.factory_customers import partner_scope

LICENSES = [{"product": "MEETINGS", "name": name, "total": 10, "assigned": 9, "used": 0} for name in ("A", "B")]


async def deliver(scope: Scope, kind: ImportKind, *records: dict[str, Any]) -> None:
    assert (await import_lines(scope, kind, *records)).reasons == []


async def use(scope: Scope, ago: int, used: int, name: str = "A") -> None:
    await deliver(scope, ImportKind.LICENSE_USAGE, usage_record(day=days_ago(ago), assigned=9, used=used, name=name))


async def peaks(scope: Scope) -> list[tuple[int, int]]:
    """The stored peaks, as days ago and use."""
    line = await find_only(scope, "license_lines")
    today = datetime.fromisoformat(days_ago(0))
    assert [problem async for problem in check_customers(scope)] == []
    return [((today - peak["day"]).days, peak["used"]) for peak in line["use_peaks"]]


async def test_peaks_follow_the_snapshots(client: Client) -> None:
    scope = await partner_scope(client)
    await deliver(scope, ImportKind.CUSTOMERS, customer_record())
    await deliver(scope, ImportKind.SUBSCRIPTIONS, subscription_record(licenses=LICENSES))
    for ago, used in ((4, 6), (3, 3), (2, 4)):
        await use(scope, ago, used)
    assert await peaks(scope) == [(4, 6), (2, 4)]
    # The single lines of one date are summed.
    await use(scope, 3, 5, name="B")
    assert await peaks(scope) == [(3, 8), (2, 4)]
    # A corrected peak falls, and an earlier day is the highest again.
    await use(scope, 3, 0, name="B")
    assert await peaks(scope) == [(4, 6), (2, 4)]
    customer = await find_only(scope, "customers")
    # The present figures: 4 of A, and of B the 0 that was delivered for an earlier day.
    await take_snapshots(scope, [customer["_id"]], datetime.fromisoformat(days_ago(1)))
    assert await peaks(scope) == [(4, 6), (1, 4)]
    await deliver(scope, ImportKind.CUSTOMERS, customer_record(removedAt=f"{days_ago(1)}T00:00:00Z"))
    assert await documents(scope, "license_lines") == []
    await deliver(scope, ImportKind.CUSTOMERS, customer_record(removedAt=None))
    assert await peaks(scope) == [(4, 6), (1, 4)]
    damages: list[dict[str, Any]] = [{"use_peaks": []}, {"first_peak_used": 5}, {"first_peak_day": None}]
    for damaged in damages:
        await _damage(scope, **damaged)
        (problem,) = [problem async for problem in check_customers(scope)]
        assert problem.description.startswith("peaks of use of ")
        await repair_customers(scope, [customer["_id"]])
        assert await peaks(scope) == [(4, 6), (1, 4)]


async def test_lines_of_before_get_their_first_peak_where_an_index_has_it(client: Client) -> None:
    scope = await partner_scope(client)
    await deliver(scope, ImportKind.CUSTOMERS, customer_record())
    await deliver(scope, ImportKind.SUBSCRIPTIONS, subscription_record(licenses=LICENSES))
    await deliver(scope, ImportKind.SUBSCRIPTIONS, subscription_record("SUB-2", licenses=[]))
    await use(scope, 4, 6)
    await use(scope, 2, 4)
    lines = await documents(scope, "license_lines")
    assert sorted(line["first_peak_used"] for line in lines) == [0, 6]
    former = {"$unset": {"first_peak_day": "", "first_peak_used": ""}}
    await scope.collection("license_lines").bulk_write([UpdateMany(scope.match(), former)])
    migration = next(step for step in MIGRATIONS if step.version == 13)
    for _ in range(2):
        await migration.run(client)
        assert await documents(scope, "license_lines") == lines


async def _damage(scope: Scope, **fields: Any) -> None:
    await scope.collection("license_lines").bulk_write([UpdateMany(scope.match(), {"$set": fields})])


async def test_a_line_has_the_amount_of_the_newest_invoice_that_is_not_void(client: Client) -> None:
    scope = await partner_scope(client)
    await deliver(scope, ImportKind.CUSTOMERS, customer_record())
    await deliver(scope, ImportKind.SUBSCRIPTIONS, subscription_record(licenses=[]))
    newer = {"issuedOn": "2026-05-01", "amount": "7.5", "currency": "KWD"}
    await deliver(scope, ImportKind.INVOICES, invoice_record("I-1", issuedOn="2026-04-01", amount="12.50"))
    await deliver(scope, ImportKind.INVOICES, invoice_record("I-2", **newer))
    line = await find_only(scope, "license_lines")
    assert (line["product"], line["invoice_amount"], line["invoice_currency"]) == (None, "7.5", "KWD")
    await deliver(scope, ImportKind.INVOICES, invoice_record("I-2", **newer, state="VOID"))
    line = await find_only(scope, "license_lines")
    assert (line["invoice_amount"], line["invoice_currency"]) == ("12.50", "EUR")
    # A database of the version before has neither the amounts nor the lines of an entitlement without licences.
    former = {"$unset": {"invoice_amount": "", "invoice_currency": ""}}
    await scope.collection("entitlements").bulk_write([UpdateMany(scope.match(), former)])
    await scope.collection("license_lines").delete_many(scope.match())
    migration = next(step for step in MIGRATIONS if step.version == 10)
    for _ in range(2):
        await migration.run(client)
        migrated = await find_only(scope, "license_lines")
        assert {**migrated, "updated_at": 0, "created_at": 0} == {
            **line,
            "version": 1,
            "updated_at": 0,
            "created_at": 0,
        }
        assert [problem async for problem in check_customers(scope)] == []
