# ruff: noqa: N999  (the command is `python -m bench.import`; no module imports it)
"""The import of customers, compared with a bare bulk_write of the same documents; and its memory.

`python -m bench.import [CUSTOMERS] [usage]` (20000 customers with their subscriptions and trials; with `usage` also
their history of license figures). Limits: at least half of the bare rows per second in the same run, with the same
collections and indexes, statuses and events included; memory does not grow with the length of the files.
"""

import asyncio
import resource
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, NamedTuple

from pymongo import InsertOne, MongoClient

from domain.imports.records import ImportKind
from jobs.imports.runner import ImportSummary, import_stream
from jobs.imports.streams import gunzip, read_chunks
from sample.writer import write_sample
from server.gc_tuning import tune_gc
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.preparation import prepare_database
from store.tenants.partner_creation import create_partner
from tests.mongod import temporary_replica_set

COLLECTIONS = (
    "customers",
    "entitlements",
    "license_lines",
    "orders",
    "license_snapshots",
    "license_customer_weeks",
    "events",
)
BATCH = 1000


class ImportMeasurement(NamedTuple):
    """The measurements of one import process."""

    lines: int
    seconds: float
    peak_megabytes: int
    rows: Sequence[str]


def run_import(uri: str, database: str, folder: Path, kinds: Sequence[ImportKind]) -> ImportMeasurement:
    """Import the folder's files of some kinds into an empty database, in its own process."""
    return asyncio.run(_run_import(uri, database, folder, kinds))


async def _run_import(uri: str, database: str, folder: Path, kinds: Sequence[ImportKind]) -> ImportMeasurement:
    # As the command `partnerhub import` and the server do.
    tune_gc()
    client = Client(uri, database)
    await prepare_database(client)
    scope = Scope(client, "bench", utc_now())
    await create_partner(scope, "Bench", "bench@partner.example", [])
    lines, total, rows = 0, 0.0, []
    for kind in kinds:
        path = _file(folder, kind)
        started = perf_counter()
        summary = await _import_file(scope, kind, path)
        seconds = perf_counter() - started
        assert summary.refused == 0, summary
        rows.append(f"  {kind:14} {summary.lines:9,} lines {seconds:8.2f} s {summary.lines / seconds:10,.0f} lines/s")
        lines, total = lines + summary.lines, total + seconds
    await client.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return ImportMeasurement(lines, total, peak, rows)


def _file(folder: Path, kind: ImportKind) -> Path:
    (path,) = folder.glob(f"{kind}*")
    return path


async def _import_file(scope: Scope, kind: ImportKind, path: Path) -> ImportSummary:
    with ExitStack() as stack:
        chunks = read_chunks(stack.enter_context(path.open("rb")), lambda _: None)
        return await import_stream(scope, kind, gunzip(chunks) if path.suffix == ".gz" else chunks)


def run_import_in_process(uri: str, database: str, folder: Path, kinds: Sequence[ImportKind]) -> ImportMeasurement:
    """Run the import in a new process, to measure its peak memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(run_import, uri, database, folder, kinds).result()


def write_bare(mongo: "MongoClient[dict[str, Any]]", source: str, target: str) -> tuple[int, float]:
    """Copy every document to another database by plain bulk_write; return their number and the seconds."""
    count, seconds = 0, 0.0
    for name in COLLECTIONS:
        ready = list(mongo[source][name].find())
        started = perf_counter()
        for start in range(0, len(ready), BATCH):
            writes = [InsertOne(document) for document in ready[start : start + BATCH]]
            mongo[target][name].bulk_write(writes, ordered=False)
        seconds += perf_counter() - started
        count += len(ready)
    return count, seconds


async def create_empty_database(uri: str, database: str) -> None:
    """Create the same collections, validators and indexes as the import has."""
    client = Client(uri, database)
    await prepare_database(client)
    await client.close()


def main(customers: int, with_usage: bool) -> None:
    """Print both rates and their ratio, then the peak memory."""
    kinds = [ImportKind.CUSTOMERS, ImportKind.SUBSCRIPTIONS, ImportKind.TRIALS]
    kinds += [ImportKind.LICENSE_USAGE] if with_usage else []
    with (
        temporary_replica_set() as (mongod,),
        TemporaryDirectory() as folder,
        MongoClient[dict[str, Any]](mongod.uri) as mongo,
    ):
        small, whole = Path(folder, "small"), Path(folder, "whole")
        # Today: the license history of an older sample lies in closed weeks and would be refused.
        today = datetime.now(UTC).date()
        write_sample(small, customers // 4, 1, today)
        write_sample(whole, customers, 1, today)
        quarter = run_import_in_process(mongod.uri, "quarter", small, kinds)
        mongo.drop_database("quarter")
        imported = run_import_in_process(mongod.uri, "imported", whole, kinds)
        asyncio.run(create_empty_database(mongod.uri, "bare"))
        rows, seconds = write_bare(mongo, "imported", "bare")
    print(f"{customers:,} customers", *imported.rows, sep="\n")
    print(f"import          {rows:9,} rows {imported.seconds:9.2f} s {rows / imported.seconds:10,.0f} rows/s")
    print(f"bare bulk_write {rows:9,} rows {seconds:9.2f} s {rows / seconds:10,.0f} rows/s")
    print(f"ratio           {seconds / imported.seconds:9.2f} (at least 0.50)")
    print(f"peak memory     {quarter.peak_megabytes:9} MB for {quarter.lines:,} lines")
    print(f"                {imported.peak_megabytes:9} MB for {imported.lines:,} lines")


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    main(numbers[0] if numbers else 20_000, "usage" in sys.argv[1:])
