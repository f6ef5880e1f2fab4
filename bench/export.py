"""Exports of a large partner, compared with reading the same documents bare from MongoDB; and the memory they take.

`python -m bench.export [CUSTOMERS [ROUNDS]] [PATTERN]` (5,000 with 12,500 entitlements, 3 rounds, all; ten minutes). An
export takes at most three times the processor time of the bare read; its memory does not grow with the rows.
"Bare" reads the documents that the rows come from, decodes and drops them: those of customers, for all columns with
their entitlements; the lines of a report with their entitlements and customers. Processor time is the sum of this
process and mongod; wall time, which has the second ratio, depends on the machine's load. Both are medians of the
rounds. Memory is the largest during an export less that before.
"""

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from statistics import median
from time import monotonic
from typing import Any, NamedTuple

from pymongo import MongoClient

from bench.analytics_data import generate_customers
from bench.process_usage import memory_kilobytes, precise_cpu_seconds
from domain.integrations.exports import CustomerColumn, ExportDescription, ExportFormat, ExportKind
from domain.time.instants import MAX_INSTANT
from domain.types import AnalyticsProduct, LicenseReport, PartnerRole
from resolvers.context import Context, Viewer
from schema.build import build_schema
from server.auth.viewer import viewer_scope
from server.exports.stream import stream_file
from server.gc_tuning import tune_gc
from server.graphql.operations import GraphQLResponse, Operations
from store.customers.visibility import ALL_CUSTOMERS
from store.database.client import ID_INDEX, Client, Document
from store.database.clock import utc_now
from store.database.keyset import keyset_conditions, sort_key_of
from store.database.scope import Scope
from store.indexes import COLLECTIONS
from store.licenses.peer_groups import read_peer_group
from store.licenses.peer_histogram import rebuild_histogram
from store.licenses.reports import LicenseReports, Report
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
_FORMATS = (ExportFormat.CSV, ExportFormat.NDJSON, ExportFormat.XLSX)
_REPORT_VARIABLES = {"filter": None, "product": "CALLING", "days": 365}
_SOME_CUSTOMERS = {**_REPORT_VARIABLES, "filter": {"product": ["MEETINGS"]}}


def _report(report: LicenseReport, format_: ExportFormat, variables: Mapping[str, Any]) -> ExportDescription:
    return ExportDescription(ExportKind.LICENSE_REPORT, format_, variables, report=report)


EXPORTS: Mapping[str, ExportDescription] = {
    "customers, 4 columns, CSV": ExportDescription(ExportKind.CUSTOMERS, ExportFormat.CSV, {"filter": None}, PLAIN),
    **{f"customers, {of}": ExportDescription(ExportKind.CUSTOMERS, of, {"filter": None}) for of in _FORMATS},
    **{f"{name}, {of}": _report(name, of, _REPORT_VARIABLES) for name in LicenseReport for of in _FORMATS},
    "EXPIRING of a filter, CSV": _report(LicenseReport.EXPIRING, ExportFormat.CSV, _SOME_CUSTOMERS),
    **{f"activity, {of}": ExportDescription(ExportKind.ACTIVITY, of, {"filter": None}) for of in _FORMATS},
}


class Taken(NamedTuple):
    """What some work has taken, in seconds."""

    processor: float
    wall: float


class Bench:
    """The database of the partner, and the two ways to read it."""

    def __init__(self, client: Client, bare_client: Client, mongod_pid: int, viewer: Viewer, rounds: int) -> None:
        # Commands of the bare read have no limit of time.
        self._bare_client = bare_client
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
        count, scope = 0, Scope(self._bare_client, PARTNER, utc_now())
        for name in collections:
            last = ""
            while documents := await scope.collection(name).find(
                {**scope.match(), "_id": {"$gt": last}}, sort=[("_id", 1)], limit=5_000
            ):
                count, last = count + len(documents), documents[-1]["_id"]
        return count

    async def read_bare_report(self, name: LicenseReport) -> int:
        """Return the number of lines of a report; they are read in its order with their entitlements and customers."""
        scope = Scope(self._bare_client, PARTNER, utc_now())
        threshold = (await read_peer_group(scope, AnalyticsProduct.CALLING, scope.now)).threshold
        report = Report(name, AnalyticsProduct.CALLING, 365)
        listing = LicenseReports(scope, ALL_CUSTOMERS).listing(report, None, threshold)
        sort = [(column.field, column.direction) for column in listing.columns]
        count, where = 0, dict(listing.where)
        while lines := await scope.collection("license_lines").find(where, sort=sort, limit=5_000, hint=listing.index):
            for collection, field in (("entitlements", "entitlement_id"), ("customers", "customer_id")):
                ids = sorted({line[field] for line in lines})
                await scope.collection(collection).find({**scope.match(), "_id": {"$in": ids}}, hint=ID_INDEX)
            last = sort_key_of(listing.columns, lines[-1])
            following = keyset_conditions(listing.columns, last, inclusive=False)
            count, where = count + len(lines), {"$or": [{"$and": [listing.where, range_]} for range_ in following]}
        return count

    def read_rows_of(self, description: ExportDescription) -> Callable[[], Awaitable[int]]:
        """Return the bare read of what an export's rows come from."""
        if description.report is not None:
            return partial(self.read_bare_report, description.report)
        if description.kind is ExportKind.ACTIVITY:
            return partial(self.read_bare, ("events", "customers"))
        return partial(self.read_bare, ("customers",) if description.columns else ("customers", "entitlements"))

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
        await rebuild_histogram(Scope(Client(uri, DATABASE, timeout_ms=None), PARTNER, utc_now()))
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


async def main(chosen: str, customers: int = 5_000, rounds: int = 3) -> None:
    """Print one row for each export whose name matches `chosen`."""
    with temporary_replica_set() as (mongod,):
        client = Client(mongod.uri, DATABASE)
        bare_client = Client(mongod.uri, DATABASE, timeout_ms=None)
        bench = Bench(client, bare_client, mongod.pid, await prepare(client, mongod.uri, customers), rounds)
        tune_gc()
        print(f"{customers:,} customers; load {os.getloadavg()[0]:.1f}")
        print(
            f"{'export':26} {'documents':>9} {'bare s':>8} {'export s':>9} {'ratio':>6} {'wall':>6} {'MB':>7} "
            f"{'memory kB':>10}",
            flush=True,
        )
        for name, description in EXPORTS.items():
            if not re.search(chosen, name):
                continue
            bare, rows = await bench.measure(bench.read_rows_of(description))
            before = bench.highest_memory = memory_kilobytes(os.getpid())
            export, size = await bench.measure(partial(bench.export, description))
            grown = bench.highest_memory - before
            figures = f"{bare.processor:8.2f} {export.processor:9.2f} {export.processor / bare.processor:6.1f}"
            wall = f"{export.wall / bare.wall:6.1f}"
            print(f"{name:26} {rows:9,} {figures} {wall} {size / 1e6:7.1f} {grown:10,}", flush=True)
        await client.close()
        await bare_client.close()


if __name__ == "__main__":
    numbers = [int(given) for given in sys.argv[1:] if given.isdecimal()]
    names = [given for given in sys.argv[1:] if not given.isdecimal()]
    asyncio.run(main(" ".join(names), *numbers))
