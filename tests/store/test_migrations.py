"""The schema version: created, migrated once and in order, and refused where it is unknown."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import pytest

from domain.failures import OperatorError
from store.changes.consistency_check import check_customers
from store.changes.external_ids import RELEASED_IDS, ReleasedId, read_released_ids
from store.database.client import Client, IndexModel
from store.database.clock import utc_now
from store.database.scope import Scope
from store.indexes import ensure_indexes
from store.licenses.lines import COLLECTION, LICENSE_LINE_INDEXES
from store.migrations import (
    FIRST_VERSION,
    MIGRATIONS,
    SAMPLE_MARKER,
    Migration,
    describe_version,
    find_version_problem,
    latest_version,
    migrate,
)
from tests.store.factory_customers import DAY, add_customer, partner_scope, stored, subscription

NEWER = (
    "The database db has schema version 3, and this partnerhub knows versions up to 2: "
    "start the partnerhub that wrote it, or a later one."
)


class Applied:
    """Migrations that append their number to `numbers`; `fails_at` raises once before it is applied."""

    def __init__(self, fails_at: int = 0) -> None:
        self.numbers: list[int] = []
        self._fails_at = fails_at

    def migrations(self, last: int) -> Sequence[Migration]:
        return [Migration(number, f"step {number}", self._step(number)) for number in range(2, last + 1)]

    def _step(self, number: int) -> Callable[[Client], Awaitable[None]]:
        async def run(_: Client) -> None:
            await asyncio.sleep(0.02)
            if number == self._fails_at:
                self._fails_at = 0
                raise RuntimeError("killed")
            self.numbers.append(number)

        return run


async def stored_version(client: Client) -> int:
    document = await client.collection("schema").find_one({"_id": "version"})
    assert document is not None
    return int(document["version"])


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [migration.version for migration in MIGRATIONS] == list(range(2, latest_version() + 1))


async def test_a_fresh_database_gets_the_latest_version_and_no_migration_runs(client: Client) -> None:
    applied = Applied()
    assert await migrate(client, applied.migrations(4)) == []
    assert (await stored_version(client), applied.numbers) == (4, [])


async def test_concurrent_starts_on_a_fresh_database_create_one_version(client: Client) -> None:
    await asyncio.gather(*(migrate(client) for _ in range(10)))
    assert await stored_version(client) == latest_version()


async def test_an_older_database_runs_the_missing_migrations_in_order(client: Client) -> None:
    applied = Applied()
    await migrate(client, applied.migrations(2))
    assert await migrate(client, applied.migrations(5)) == [3, 4, 5]
    assert (applied.numbers, await stored_version(client)) == ([3, 4, 5], 5)
    assert await migrate(client, applied.migrations(5)) == []


async def test_two_processes_run_each_migration_once_and_both_wait_for_the_end(client: Client, mongo_uri: str) -> None:
    applied = Applied()
    await migrate(client, ())
    other = Client(mongo_uri, client.database_name)
    results = await asyncio.gather(*(migrate(each, applied.migrations(5)) for each in (client, other)))
    await other.close()
    assert sorted(results) == [[], [2, 3, 4, 5]]
    assert (applied.numbers, await stored_version(client)) == ([2, 3, 4, 5], 5)


async def test_a_migration_that_failed_runs_again_at_the_next_start(client: Client) -> None:
    applied = Applied(fails_at=3)
    await migrate(client, ())
    with pytest.raises(RuntimeError):
        await migrate(client, applied.migrations(4))
    assert await stored_version(client) == 2
    assert await migrate(client, applied.migrations(4)) == [3, 4]
    assert applied.numbers == [2, 3, 4]


async def test_a_process_that_lost_the_lease_stops_before_it_writes_the_version(client: Client) -> None:
    async def lose_lease(_: Client) -> None:
        taken = {"owner": "another", "until": utc_now() + timedelta(hours=1)}
        await client.collection("leases").update_one({"_id": "migrate"}, {"$set": taken})
        await asyncio.sleep(0.3)

    await migrate(client, ())
    with pytest.raises(OperatorError, match="Another process took over the migrations"):
        await migrate(client, [Migration(2, "step 2", lose_lease)], lease_seconds=0.06)
    assert await stored_version(client) == FIRST_VERSION


async def test_a_newer_database_is_refused_and_stays_as_it_is(client: Client) -> None:
    await migrate(client, Applied().migrations(3))
    with pytest.raises(OperatorError, match=f"version 3, and this partnerhub knows versions up to {FIRST_VERSION}"):
        await migrate(client, ())
    assert await stored_version(client) == 3


async def test_data_without_a_version_is_refused(client: Client) -> None:
    await partner_scope(client)
    with pytest.raises(OperatorError, match="written before the first release"):
        await migrate(client)
    assert await client.collection("schema").find({}) == []


async def test_deletes_the_keys_of_a_former_version_and_keeps_the_note_of_the_sample(client: Client) -> None:
    delete_keys = next(step for step in MIGRATIONS if step.version == 8)
    await migrate(client, [step for step in MIGRATIONS if step.version < 8])
    former = client.collection("secrets")
    await former.insert_many([{"_id": name} for name in ("signing", "cursors", "launches", SAMPLE_MARKER)])
    for _ in range(2):
        await delete_keys.run(client)
        assert await former.find({}) == []
        assert await client.collection("schema").find_one({"_id": SAMPLE_MARKER}) is not None


async def test_released_ids_of_former_versions_are_found(client: Client) -> None:
    scope = Scope(client, "acme", datetime(2026, 3, 1))
    stamps = {"partner_id": "acme", "version": 1, "created_at": scope.now, "updated_at": scope.now}
    released = {"released_external_id": "C-1", "external_id_released_at": scope.now}
    await client.collection("customers").insert_many([{"_id": "cus_1", **stamps, **released}])
    store_ids = next(step for step in MIGRATIONS if step.version == 9)
    for _ in range(2):
        await store_ids.run(client)
        assert await read_released_ids(scope, ["C-1", "C-2"]) == {ReleasedId("cus_1", "C-1")}
    assert len(await client.collection(RELEASED_IDS).find({})) == 1


async def test_the_check_names_the_problem_until_the_database_is_current(client: Client) -> None:
    assert "no schema version yet" in (await find_version_problem(client) or "")
    await migrate(client)
    assert await find_version_problem(client) is None
    later = latest_version() + 1
    assert f"instead of {later}" in (await find_version_problem(client, Applied().migrations(later)) or "")


@pytest.mark.parametrize(
    ("version", "has_data", "description"),
    [
        (2, True, None),
        (2, False, None),
        (3, True, NEWER),
        (
            1,
            True,
            "The database db has schema version 1 instead of 2, `partnerhub serve` migrates it at its start.",
        ),
        (None, False, "The database db has no schema version yet, `partnerhub serve` creates it at its start."),
        (
            None,
            True,
            "The database db has data and no schema version: it was written before the first release. "
            "Name an empty database in PARTNERHUB_DATABASE and import the data again.",
        ),
    ],
)
def test_says_what_to_do_about_each_version(version: int | None, has_data: bool, description: str | None) -> None:
    assert describe_version("db", version, 2, has_data=has_data) == description


async def test_sentences_of_statuses_become_codes_with_arguments(client: Client) -> None:
    scope = await partner_scope(client)
    ids = [await add_customer(scope, f"C-{number}", subscription(f"S-{number}")) for number in range(3)]
    expected = [(await stored(scope, id_))["status_details"] for id_ in ids]
    sentence = {"$set": {"status_details.0.reason": "Subscription S ends"}}
    for id_ in ids:
        await scope.collection("customers").update_one({**scope.match(), "_id": id_}, sentence)
    [to_codes] = [migration for migration in MIGRATIONS if migration.version == 3]
    for _ in range(2):
        await to_codes.run(client)
        assert [(await stored(scope, id_))["status_details"] for id_ in ids] == expected


async def test_customers_of_an_older_database_get_the_keys_of_later_filters(client: Client) -> None:
    scope = await partner_scope(client)
    id_ = await add_customer(scope, "C-1", held := subscription("S-1"))
    expected = await stored(scope, id_)
    older = {"keys": ["*"], "order_keys": ["*"]}
    unknown = dict.fromkeys(("renewing_ends", "invoice_states", "living_numbers"), "")
    await scope.collection("customers").update_one({**scope.match(), "_id": id_}, {"$set": older, "$unset": unknown})
    invoice = {"number": "I-1", "entitlement_id": held["_id"], "customer_id": id_, "state": "OVERDUE"}
    stamps = {"version": 1, "created_at": scope.now, "updated_at": scope.now}
    priced = {"amount": "1", "currency": "EUR", "document_url": None, "issued_on": scope.now, "due_on": scope.now}
    await scope.collection("invoices").insert_many([{"_id": "inv_1", **scope.match(), **invoice, **priced, **stamps}])
    add_facts, _, add_keys, *_ = MIGRATIONS
    for _ in range(2):
        await add_facts.run(client)
        await add_keys.run(client)
        assert sorted((await stored(scope, id_))["keys"]) == sorted([*expected["keys"], "invoice:OVERDUE"])


async def test_facts_of_statuses_are_added_to_what_an_older_version_stored(client: Client) -> None:
    scope = await partner_scope(client)
    renewing = {"auto_renew": True, "term_months": 1, "ends_at": utc_now() - 3 * DAY}
    id_ = await add_customer(scope, "C-1", subscription("S-1", suspended=True), subscription("S-2", **renewing))
    s_1, s_2 = await scope.collection("entitlements").find(scope.match(), sort=[("number", 1)])
    stamps = {"version": 1, "created_at": utc_now(), "updated_at": utc_now(), **scope.match()}
    invoices = [
        {"_id": f"inv_{day}", **stamps, "entitlement_id": s_1["_id"], "number": f"I-{day}", "state": state}
        | {"issued_on": datetime(2026, 1, day)}
        for day, state in ((1, "PAID"), (2, "OVERDUE"), (3, "OVERDUE"))
    ]
    await scope.collection("invoices").insert_many(invoices)
    removed = dict.fromkeys(("suspended_at", "overdue_invoice"), "")
    for document in (s_1, s_2):
        await scope.collection("entitlements").update_one({"_id": document["_id"]}, {"$unset": removed})
    await scope.collection("orders").update_one({}, {"$unset": {"term_months": ""}})
    await scope.collection("customers").update_one({}, {"$unset": {"status_details.0.entered_at": ""}})
    await scope.collection("license_lines").update_one({}, {"$unset": {"renews": ""}})
    for migration in [*MIGRATIONS[:2], *MIGRATIONS[:2]]:
        await migration.run(client)
    assert [problem async for problem in check_customers(scope)] == []
    assert (await stored(scope, id_))["status_details"][0]["reason"]["invoice"] == "I-2"
    assert (await scope.collection("orders").find({}))[0]["term_months"] == 1


async def test_what_was_assigned_by_entitlement_becomes_what_each_single_line_has_assigned(client: Client) -> None:
    scope = await partner_scope(client)
    lines = [{"product": "CALLING", "total": 9, "assigned": 5, "used": 0, "day": None, "name": name} for name in "AB"]
    id_ = await add_customer(scope, "C-1", held := subscription("S-1", licenses=lines))
    snapshot = {"entitlement_id": held["_id"], "customer_id": id_, "product": "CALLING", "day": datetime(2026, 6, 1)}
    figures = {"total": 9, "assigned": 3, "used": 0, **scope.match(), "version": 1}
    stamps = {"created_at": scope.now, "updated_at": scope.now}
    await scope.collection("license_snapshots").insert_many(
        [{"_id": "lsn_1", **snapshot, **figures, **stamps, "name": "A"}]
    )
    await scope.collection("license_lines").update_one({}, {"$unset": {"single_lines": ""}})
    (migration,) = (one for one in MIGRATIONS if one.version == 7)
    for _ in range(2):
        await migration.run(client)
        (week,) = await scope.collection("license_customer_weeks").find(scope.match())
        assert week["lines"] == [{"id": f"{held['_id']}:CALLING:A", "assigned": 3}]
        (line,) = await scope.collection("license_lines").find(scope.match())
        assert line["single_lines"] == [{"id": f"{held['_id']}:CALLING:{name}", "assigned": 5} for name in "AB"]
    assert [problem async for problem in check_customers(scope)] == []


async def test_an_interrupted_import_gets_the_list_of_its_customers(client: Client) -> None:
    scope = await partner_scope(client)
    stamps = {**scope.match(), "version": 1, "created_at": scope.now, "updated_at": scope.now}
    documents = [
        {
            **stamps,
            "_id": "adm_1",
            "email_folded": "1",
            "assignments_pending": True,
            "delivered": {"assigned": ["C-1"]},
        },
        {**stamps, "_id": "adm_2", "email_folded": "2", "assignments_pending": False, "delivered": {}},
    ]
    await scope.collection("administrators").insert_many(documents)
    [migration] = [migration for migration in MIGRATIONS if migration.version == 6]
    for _ in range(2):
        await migration.run(client)
    migrated = await scope.collection("administrators").find(scope.match(), sort=[("_id", 1)])
    pending = [one.get("assignments_pending") for one in migrated]
    assert pending == [{"id": "adm_1", "customers": ["C-1"]}, None]


async def test_alert_rules_of_before_send_no_e_mail(client: Client) -> None:
    scope = await partner_scope(client)
    stamps = {**scope.match(), "version": 1, "created_at": scope.now, "updated_at": scope.now}
    scan = {"is_over_alerts": False, "after": "cursor"}
    rules = [{"_id": "alr_1", **stamps, "scan": None}, {"_id": "alr_2", **stamps, "scan": scan}]
    await scope.collection("alert_rules").insert_many(rules)
    [migration] = [migration for migration in MIGRATIONS if migration.version == 11]
    await migration.run(client)
    first, second = migrated = await scope.collection("alert_rules").find(scope.match(), sort=[("_id", 1)])
    kept = {"email": False, "schedule": "AT_ONCE", "time_zone": "UTC", "language": "en", "mail": {}}
    assert all({name: rule[name] for name in kept} == kept for rule in migrated)
    assert first["scan"] is None and second["scan"]["mailed_from"] == first["mailed_from"]
    await migration.run(client)
    assert await scope.collection("alert_rules").find(scope.match(), sort=[("_id", 1)]) == migrated


async def test_indexes_of_licence_lines_without_the_order_of_reports_are_replaced(client: Client) -> None:
    former = IndexModel([("partner_id", 1), ("product", 1), ("ends_at", 1)], name="ends")
    await client.collection(COLLECTION).create_indexes([former])
    [migration] = [migration for migration in MIGRATIONS if migration.version == 12]
    for _ in range(2):
        await migration.run(client)
    await ensure_indexes(client)
    expected = {index.document["name"] for index in LICENSE_LINE_INDEXES}
    assert await client.collection(COLLECTION).index_names() == {"_id_", *expected}
