"""The import of calls, compared with reading the report and inserting the bare documents; and its memory.

`python -m bench.calls [ROWS]` (200000; the full size is 5000000). Limits: at least 20,000 rows a second a
core, or half of what reading the CSV and inserting the bare documents reaches in the same run, into the same
collection with the same indexes; memory flat in the report's length.
"""

import asyncio
import csv
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any, NamedTuple

from pymongo import MongoClient

from bench.process_usage import cpu_seconds
from domain.imports.records import ImportKind
from domain.time.weeks import WEEK, week_of
from jobs.imports.runner import import_stream
from jobs.imports.streams import read_chunks
from server.gc_tuning import tune_gc
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.preparation import prepare_database
from store.tenants.partner_creation import create_partner
from tests.domain.imports.factory_records import customer_record
from tests.jobs.imports.factory_imports import import_lines
from tests.mongod import Mongod, temporary_replica_set

CUSTOMERS = 500
WEEKS = 8
BATCH = 2000
MIN_ROW_RATE = 20_000
MIN_RATIO = 0.5
HEADER = (
    *("Start time", "Answer time", "Duration", "Calling number", "Called number", "Call type", "Direction"),
    *("Client type", "Model", "Org UUID", "User UUID", "User", "User type", "Location", "Correlation ID", "Report ID"),
    *("Related reason", "Redirect reason", "Original reason", "Call Recording Result", "Releasing party"),
)
DEVICES = (("WXC_CLIENT", "NA"), ("WXC_DEVICE", "8845"), ("WXC_DEVICE", "Room Kit"), ("SIP", "NA"))
REASONS = ("NA",) * 7 + ("CallQueue", "HuntGroup", "NoAnswer")


class ImportMeasurement(NamedTuple):
    """The measurements of one import process."""

    rows: int
    seconds: float
    cpu_seconds: float
    peak_megabytes: int


class BareMeasurement(NamedTuple):
    """The wall time and the CPU time of this process for reading and inserting."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def add_elapsed(self, started: float, cpu: float) -> "BareMeasurement":
        """Return the sum with the times since a start."""
        return BareMeasurement(self.seconds + perf_counter() - started, self.cpu_seconds + process_time() - cpu)


def write_report(path: Path, rows: int, first: datetime) -> None:
    """Write a report of eight weeks in order of time, with the columns of an export; every tenth name is quoted."""
    rng = Random(7)
    step = WEEKS * WEEK / rows
    with path.open("w", newline="") as file:
        report = csv.writer(file)
        report.writerow(HEADER)
        for number in range(rows):
            report.writerow(_row(rng, number, first + step * number))


def _row(rng: Random, number: int, start: datetime) -> list[str]:
    customer = int(rng.random() ** 3 * CUSTOMERS)
    user = f"{customer:08x}-0000-4000-8000-{rng.randrange(50):012x}"
    client, model = rng.choice(DEVICES)
    at = f"{start.isoformat(timespec='milliseconds')}Z"
    name = "Smith, Ann" if number % 10 == 0 else "Ann Smith"
    call = [at, at, str(rng.randrange(1800)), "+4930123456", "+4930654321", "SIP_ENTERPRISE", "ORIGINATING"]
    who = [client, model, f"C-{customer}", user, name, "User", "Berlin", f"{rng.getrandbits(128):032x}"]
    ids = [f"{rng.getrandbits(128):032x}"]
    return [*call, *who, *ids, rng.choice(REASONS), "NA", "NA", "NA", "Local"]


def run_import(uri: str, database: str, path: Path) -> ImportMeasurement:
    """Import the report into a partner without calls, in its own process, as the command does."""
    tune_gc()
    return asyncio.run(_run_import(uri, database, path))


async def _run_import(uri: str, database: str, path: Path) -> ImportMeasurement:
    client = Client(uri, database)
    await prepare_database(client)
    scope = Scope(client, "bench", utc_now())
    await create_partner(scope, "Bench", "bench@partner.example", [])
    await import_lines(scope, ImportKind.CUSTOMERS, *(customer_record(f"C-{number}") for number in range(CUSTOMERS)))
    started, cpu = perf_counter(), process_time()
    with path.open("rb") as file:
        summary = await import_stream(scope, ImportKind.CALLS, read_chunks(file, lambda _: None))
    seconds, cpu = perf_counter() - started, process_time() - cpu
    assert summary.added == summary.lines, summary
    await client.close()
    return ImportMeasurement(summary.lines, seconds, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def run_import_in_process(uri: str, database: str, path: Path) -> ImportMeasurement:
    """Run the import in a new process, to measure its peak memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(run_import, uri, database, path).result()


def read_bare(path: Path) -> BareMeasurement:
    """Measure the reading of every row."""
    started, cpu = perf_counter(), process_time()
    with path.open(newline="") as file:
        for _ in csv.reader(file):
            pass
    return BareMeasurement().add_elapsed(started, cpu)


def insert_bare(
    bare: BareMeasurement, mongo: "MongoClient[dict[str, Any]]", source: str, target: str
) -> BareMeasurement:
    """Measure plain inserts of the same documents, in batches."""
    documents = mongo[source]["calls"].find(batch_size=BATCH)
    while batch := list(islice(documents, BATCH)):
        started, cpu = perf_counter(), process_time()
        mongo[target]["calls"].insert_many(batch, ordered=False)
        bare = bare.add_elapsed(started, cpu)
    return bare


async def create_empty_database(uri: str, database: str) -> None:
    """Create the same collections, validators and indexes as the import has."""
    client = Client(uri, database)
    await prepare_database(client)
    await client.close()


def measure_cpu(mongod: Mongod, work: Callable[[], ImportMeasurement]) -> tuple[ImportMeasurement, float]:
    """Run the work; return its result and the CPU time of mongod."""
    before = cpu_seconds(mongod.pid)
    return work(), cpu_seconds(mongod.pid) - before


def main(rows: int) -> None:
    """Print both rates and their ratio, then the peak memory."""
    with (
        temporary_replica_set() as (mongod,),
        TemporaryDirectory() as folder,
        MongoClient[dict[str, Any]](mongod.uri) as mongo,
    ):
        small, whole = Path(folder, "small.csv"), Path(folder, "whole.csv")
        first = week_of(utc_now()) - WEEKS * WEEK + timedelta(hours=1)
        write_report(small, rows // 4, first)
        write_report(whole, rows, first)
        quarter = run_import_in_process(mongod.uri, "quarter", small)
        mongo.drop_database("quarter")
        imported, of_mongod = measure_cpu(mongod, lambda: run_import_in_process(mongod.uri, "imported", whole))
        asyncio.run(create_empty_database(mongod.uri, "bare"))
        bare = insert_bare(read_bare(whole), mongo, "imported", "bare")
    rows, ratio = imported.rows, bare.seconds / imported.seconds
    print(f"import            {rows:9,} rows {imported.seconds:8.2f} s {rows / imported.seconds:10,.0f} rows/s")
    print(f"  processor time: its own {imported.cpu_seconds:.2f} s, MongoDB's {of_mongod:.2f} s")
    print(f"read and insert   {rows:9,} rows {bare.seconds:8.2f} s {rows / bare.seconds:10,.0f} rows/s")
    print(f"  processor time: its own {bare.cpu_seconds:.2f} s")
    print(f"rows/s a core     {rows / imported.cpu_seconds:9,.0f} (its own; at least {MIN_ROW_RATE:,}, or the ratio)")
    print(f"ratio             {ratio:9.2f} (at least {MIN_RATIO:.2f}, or the rows/s a core)")
    print(f"peak memory       {quarter.peak_megabytes:9,} MB for {quarter.rows:,} rows")
    print(f"                  {imported.peak_megabytes:9,} MB for {rows:,} rows (flat)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
