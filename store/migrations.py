"""The schema version of a database, and the migrations that bring an older database to the version of this program.

The document `{_id: "version", version: N}` of the collection `schema` holds the version. A start creates it in a
database without data, applies the migrations that follow it in an older database, and refuses a newer database.

To change a stored form, append a Migration with the next number to MIGRATIONS:

    Migration(7, "Store the folded title of resources", fold_titles)

Processes of an older version must be stopped first: they do not know the new form.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from msgspec import Struct

from domain.failures import OperatorError
from store.access.delivered_assignments import store_pending_lists
from store.changes.external_ids import store_released_ids
from store.changes.reprojection import (
    reproject_customers,
    reproject_single_lines,
    store_forecast_facts,
    store_status_facts,
)
from store.database.client import Client, DuplicateKeyError
from store.database.leases import Lease
from store.integrations.alert_mail_inputs import store_mail_fields
from store.licenses import lines as license_lines
from store.licenses.use_peaks import store_first_peaks

COLLECTION = "schema"
FIRST_VERSION = 1
# The id of the document, beside the version, that states that the sample partner is loaded.
SAMPLE_MARKER = "sample_loaded"
_VERSION_ID = "version"
_LEASE = "migrate"
_LEASE_SECONDS = 15.0


class Migration(Struct, frozen=True):
    """One step: `run` brings a database of the version before to `version`.

    A process can die inside `run`, and the next one then calls it again: it must give the same result when repeated.
    """

    version: int
    description: str
    run: Callable[[Client], Awaitable[None]]


async def _drop_index_of_nameless_lines(client: Client) -> None:
    """Drop the unique index without the name of the line: it rejects the second line of a product on a day."""
    collection, former = "license_snapshots", "line_day"
    if former in await client.collection(collection).index_names():
        await client.command({"dropIndexes": collection, "index": former})


async def _drop_former_indexes(client: Client) -> None:
    """Drop the indexes of licence lines that others replace: with the order of the reports, and what forecasts sum."""
    names = await client.collection(license_lines.COLLECTION).index_names()
    for name in names.intersection(license_lines.FORMER_INDEXES):
        await client.command({"dropIndexes": license_lines.COLLECTION, "index": name})


async def _store_first_peaks(client: Client) -> None:
    await store_first_peaks(client)
    await _drop_former_indexes(client)


async def _delete_keys(client: Client) -> None:
    """Delete the keys of tokens, cursors and launches: they come from a file or a setting (decision 0005)."""
    keys, sample = client.collection("secrets"), {"_id": SAMPLE_MARKER}
    if await keys.find_one(sample) is not None:
        await client.collection(COLLECTION).update_one(sample, {"$setOnInsert": sample}, upsert=True)
    await keys.delete_many({})


MIGRATIONS: Sequence[Migration] = (
    Migration(2, "Store what renewals, reasons and `since` rest on", store_status_facts),
    Migration(3, "Store the reason of a status as a code with arguments", reproject_customers),
    Migration(4, "Store the keys of the filters by tags, renewals, invoices and instants", reproject_customers),
    Migration(5, "Key licence snapshots by the name of the line too", _drop_index_of_nameless_lines),
    Migration(6, "Store which customers an interrupted import has yet to assign", store_pending_lists),
    Migration(7, "Store what each single licence line has assigned", reproject_single_lines),
    Migration(8, "Delete the keys that were stored in the database", _delete_keys),
    Migration(9, "Store the released ids of customers in a collection of their own", store_released_ids),
    Migration(10, "Store invoice amounts, peaks of use, lines of all products", store_forecast_facts),
    Migration(11, "Store whether and when alert rules send e-mail", store_mail_fields),
    Migration(12, "Order the indexes of licence lines as the reports do", _drop_former_indexes),
    Migration(13, "Store the earliest peak of use where an index can have it", _store_first_peaks),
)


def latest_version(migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """Return the version that this program reads and writes."""
    return migrations[-1].version if migrations else FIRST_VERSION


async def migrate(
    client: Client, migrations: Sequence[Migration] = MIGRATIONS, *, lease_seconds: float = _LEASE_SECONDS
) -> list[int]:
    """Bring the database to the latest version; return the versions that this call applied.

    Several processes can call it at once: one applies the migrations, the others wait for it. OperatorError where the
    database is newer than this program, or has data and no version, or where another process took over the lease.
    """
    latest, applied = latest_version(migrations), list[int]()
    while await _read_or_create_version(client, latest) < latest:
        async with Lease(client, _LEASE, lease_seconds) as lease:
            await lease.wait_until_held()
            applied += await _apply_migrations(client, migrations, lease)
    return applied


async def find_version_problem(client: Client, migrations: Sequence[Migration] = MIGRATIONS) -> str | None:
    """Return what is wrong with the version of the database and what to do; None where it is the latest."""
    has_data = await _has_data(client)
    version = await _read_version(client)
    return describe_version(client.database_name, version, latest_version(migrations), has_data=has_data)


def describe_version(database: str, version: int | None, latest: int, *, has_data: bool) -> str | None:
    """Say what is wrong with a version and what to do; None where it is the latest."""
    if version is None and has_data:
        return (
            f"The database {database} has data and no schema version: it was written before the first release. "
            "Name an empty database in PARTNERHUB_DATABASE and import the data again."
        )
    if version is None:
        return f"The database {database} has no schema version yet, `partnerhub serve` creates it at its start."
    if version > latest:
        return (
            f"The database {database} has schema version {version}, and this partnerhub knows versions up to {latest}: "
            "start the partnerhub that wrote it, or a later one."
        )
    if version < latest:
        return (
            f"The database {database} has schema version {version} instead of {latest}, "
            "`partnerhub serve` migrates it at its start."
        )
    return None


async def _read_or_create_version(client: Client, latest: int) -> int:
    # The order matters: a partner is only created after the version, so data without a version is certain.
    has_data = await _has_data(client)
    version = await _read_version(client)
    while version is None and not has_data:
        # Another process can create the document at the same moment; until a majority has it, it is not read.
        with suppress(DuplicateKeyError):
            first = {"$setOnInsert": {"version": latest}}
            await client.collection(COLLECTION).update_one({"_id": _VERSION_ID}, first, upsert=True)
        version = await _read_version(client)
    if version is None or version > latest:
        raise OperatorError(describe_version(client.database_name, version, latest, has_data=has_data))
    return version


async def _has_data(client: Client) -> bool:
    return await client.collection("partners").find_one({}, {"_id": 1}) is not None


async def _read_version(client: Client) -> int | None:
    document = await client.collection(COLLECTION).find_one({"_id": _VERSION_ID})
    return None if document is None else int(document["version"])


async def _apply_migrations(client: Client, migrations: Sequence[Migration], lease: Lease) -> list[int]:
    applied = []
    for migration in migrations:
        if migration.version != (await _read_version(client) or FIRST_VERSION) + 1:
            continue
        await migration.run(client)
        if lease.loss_count:
            raise OperatorError(
                f"Another process took over the migrations of the database {client.database_name}, because this one "
                "did not reach the database for too long: start it again."
            )
        # The condition fails where this process lost the lease meanwhile and another one has applied the migration.
        before = {"_id": _VERSION_ID, "version": migration.version - 1}
        if await client.collection(COLLECTION).update_one(before, {"$set": {"version": migration.version}}):
            applied.append(migration.version)
    return applied
