"""Exports of a large partner, compared with reading the same documents bare from MongoDB; and the memory they take.

`python -m bench.export [CUSTOMERS [ROUNDS]]` (5,000 with 12,500 entitlements, 3 rounds; two minutes). Limits: an export
of customers takes at most three times the processor time of the bare read, and its memory does not grow with the rows.
"Bare" reads the documents that the rows come from, decodes and drops them: those of customers, for all columns with
their entitlements. A report reads 92 days of snapshots of each row besides. Processor time is the sum of this process
and mongod; wall time, which has the second ratio, depends on the machine's load. Both are medians of the rounds. Memory
is the largest during an export less that before.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from statistics import median
from time import monotonic
from typing import Any, NamedTuple

from pymongo import MongoClient

from bench.analytics_data import generate_customers
from bench.process_usage import memory_kilobytes, precise_cpu_seconds
from domain.integrations.exports import CustomerColumn, ExportDescription, ExportFormat, ExportKind
from domain.time.instants import MAX_INSTANT
from domain.types import LicenseReport, PartnerRole
from resolvers.context import Context, Viewer
from schema.build import build_schema
from server.auth.viewer import viewer_scope
from server.exports.stream import stream_file
from server.gc_tuning import tune_gc
from server.graphql.operations import GraphQLResponse, Operations
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.indexes import COLLECTIONS
from store.preparation import prepare_database
from store.tenants.administrators import Administrators
from store.tenants.partners import Partners
from tests.api_server import administrator_document
from tests.mongod import temporary_replica_set
from tests.store.factory_customers import add_customers

DATABASE, PARTNER = "bench_export", "bench"
# The most customers that are written as the product writes them. A larger partner has copies of these, too.
WRITTEN = 5_000
COPIED = ("customers", "entitlements", "license_lines", "events")
# Columns that one document of a customer has.
PLAIN = (CustomerColumn.EXTERNAL_ID, CustomerColumn.NAME, CustomerColumn.COUNTRY, CustomerColumn.STATUSES)
_REPORT_VARIABLES = {"filter": None, "product": "CALLING", "days": 365}
EXPORTS: Mapping[str, ExportDescription] = {
    "CSV, 4 columns": ExportDescription(ExportKind.CUSTOMERS, ExportFormat.CSV, {"filter": None}, PLAIN),
    "CSV, all columns": ExportDescription(ExportKind.CUSTOMERS, ExportFormat.CSV, {"filter": None}),
    "NDJSON, all columns": ExportDescription(ExportKind.CUSTOMERS, ExportFormat.NDJSON, {"filter": None}),
    "XLSX, all columns": ExportDescription(ExportKind.CUSTOMERS, ExportFormat.XLSX, {"filter": None}),
    "CSV, RECENTLY_ADDED": ExportDescription(
        ExportKind.LICENSE_REPORT, ExportFormat.CSV, _REPORT_VARIABLES, report=LicenseReport.RECENTLY_ADDED
    ),
    "CSV, activity": ExportDescription(ExportKind.ACTIVITY, ExportFormat.CSV, {"filter": None}),
}
_COLLECTIONS: Mapping[str, tuple[str, ...]] = {
    "CSV, 4 columns": ("customers",),
    "CSV, RECENTLY_ADDED": ("license_lines", "entitlements", "customers"),
    "CSV, activity": ("events", "customers"),
}


class Taken(NamedTuple):
    """What some work has taken, in seconds."""

    processor: float
    wall: float


class Bench:
    """The database of the partner, and the two ways to read it."""

    def __init__(self, client: Client, mongod_pid: int, viewer: Viewer, rounds: int) -> None:
        self._client, self._viewer, self._mongod_pid, self._rounds = client, viewer, mongod_pid, rounds
        self._operations = Operations(build_schema())
        self.highest_memory = 0

    async def execute(self, query: str, variables: Mapping[str, Any]) -> GraphQLResponse:
        """Execute a query of an export, as the command line does."""
        operation = self._operations.prepare(query, None, variables)
        context = Context(viewer_scope(self._client, self._viewer, utc_now()), self._viewer)
        return await self._operations.execute(operation, variables, context)

    async def export(self, description: ExportDescription) -> int:
        """Return the bytes of the file."""
        size = 0
        async for part in stream_file(description, self.execute):
            size += len(part)
            self.highest_memory = max(self.highest_memory, memory_kilobytes(os.getpid()))
        return size

    async def read_bare(self, collections: tuple[str, ...]) -> int:
        """Return the number of documents; they are read in batches, as a cursor does."""
        count, scope = 0, Scope(self._client, PARTNER, utc_now())
        for name in collections:
            last = ""
            while documents := await scope.collection(name).find(
                {**scope.match(), "_id": {"$gt": last}}, sort=[("_id", 1)], limit=5_000
            ):
                count, last = count + len(documents), documents[-1]["_id"]
        return count

    async def measure(self, work: Callable[[], Awaitable[int]]) -> tuple[Taken, int]:
        """Return the medians of what the work takes, and what it returns."""
        processor, wall, result = [], [], 0
        for _ in range(self._rounds):
            began, began_at = self._used(), monotonic()
            result = await work()
            processor.append(self._used() - began)
            wall.append(monotonic() - began_at)
        return Taken(median(processor), median(wall)), result

    def _used(self) -> float:
        return precise_cpu_seconds(os.getpid()) + precise_cpu_seconds(self._mongod_pid)


async def prepare(client: Client, uri: str, customers: int) -> Viewer:
    """Create the partner with its customers; return a viewer who sees all of them."""
    await prepare_database(client)
    scope = Scope(client, PARTNER, utc_now())
    await Partners(scope).create("Bench", [])
    document = administrator_document(scope, PartnerRole.FULL_ADMINISTRATOR)
    await scope.collection("administrators").insert_many([document])
    await add_customers(scope, generate_customers(min(customers, WRITTEN), scope.now))
    if customers > WRITTEN:
        await asyncio.to_thread(add_copies, uri, customers // WRITTEN)
    administrator = await Administrators(scope).find(document["_id"])
    if administrator is None:
        raise RuntimeError("The administrator was not stored.")
    return Viewer(administrator, PARTNER, MAX_INSTANT)


def add_copies(uri: str, copies: int) -> None:
    """Copy what was written, without indexes, which are built afterwards: to write 200,000 customers takes an hour."""
    # Without the limits of time that the product's client has.
    client: MongoClient[Document] = MongoClient(uri)
    for name in COPIED:
        collection = client[DATABASE][name]
        documents = list(collection.find())
        collection.drop_indexes()
        for copy in range(1, copies):
            collection.insert_many([_copied(document, copy) for document in documents], ordered=False)
        collection.create_indexes(list(COLLECTIONS[name]))
        print(f"{name}: {collection.estimated_document_count():,}", flush=True)
    client.close()


def _copied(document: Document, copy: int) -> Document:
    """Return a copy of a document with other ids, numbers and names."""

    def other(id_: str) -> str:
        return f"{id_[:18]}{copy:04x}{id_[22:]}"

    copied = {name: other(document[name]) for name in ("_id", "customer_id", "entitlement_id") if document.get(name)}
    for name in ("external_id", "number", "name", "name_folded"):
        if name in document:
            copied[name] = f"{document[name]}-{copy}"
    return {**document, **copied}


async def main(customers: int, rounds: int = 3) -> None:
    """Print one row for each export."""
    with temporary_replica_set() as (mongod,):
        client = Client(mongod.uri, DATABASE)
        bench = Bench(client, mongod.pid, await prepare(client, mongod.uri, customers), rounds)
        tune_gc()
        print(f"{customers:,} customers; load {os.getloadavg()[0]:.1f}")
        print(
            f"{'export':22} {'bare s':>8} {'export s':>9} {'ratio':>6} {'wall':>6} {'MB':>7} {'memory kB':>10}",
            flush=True,
        )
        for name, description in EXPORTS.items():
            collections = _COLLECTIONS.get(name, ("customers", "entitlements"))
            bare, _ = await bench.measure(lambda names=collections: bench.read_bare(names))  # type: ignore[misc]
            before = bench.highest_memory = memory_kilobytes(os.getpid())
            export, size = await bench.measure(lambda chosen=description: bench.export(chosen))  # type: ignore[misc]
            grown = bench.highest_memory - before
            figures = f"{bare.processor:8.2f} {export.processor:9.2f} {export.processor / bare.processor:6.1f}"
            wall = f"{export.wall / bare.wall:6.1f}"
            print(f"{name:22} {figures} {wall} {size / 1e6:7.1f} {grown:10,}", flush=True)
        await client.close()


if __name__ == "__main__":
    numbers = [int(given) for given in sys.argv[1:]]
    asyncio.run(main(*(numbers or [5_000])))
