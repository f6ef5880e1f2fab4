"""The size on disk of a partner with all indexes and events.

`python -m bench.disk [CUSTOMERS] [KIND…]` (200,000 customers of the sample with their subscriptions, trials, orders and
invoices; KIND names other kinds of import files, such as `customers subscriptions trials`). Limit: 200,000 customers
take at most 4 GB. The sizes are those of the files after a checkpoint, without the oplog and the journal, whose sizes
are settings of MongoDB. The sizes of the customers' indexes are printed one by one. The data is written in memory where
the machine has /dev/shm.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import NamedTuple

from domain.imports.records import ImportKind
from jobs.imports.runner import import_stream
from jobs.imports.streams import gunzip, read_chunks
from sample.writer import write_sample
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.indexes import COLLECTIONS
from store.preparation import prepare_database
from store.tenants.partner_creation import create_partner
from tests.mongod import temporary_replica_set

CUSTOMERS, MAX_GIGABYTES = 200_000, 4.0
KINDS = ("customers", "subscriptions", "trials", "orders", "invoices")
MEGABYTE, GIGABYTE = 1e6, 1e9


class CollectionSize(NamedTuple):
    """The sizes of a collection: documents as BSON, and files, in bytes."""

    name: str
    documents: int
    document_bytes: int
    data_file: int
    index_files: dict[str, int]

    @property
    def files(self) -> int:
        """The bytes of all files."""
        return self.data_file + sum(self.index_files.values())


async def import_kind(scope: Scope, path: Path, kind: ImportKind) -> None:
    """Import a file of a kind."""
    began = monotonic()
    with path.open("rb") as file:
        chunks = read_chunks(file, lambda _: None)
        summary = await import_stream(scope, kind, gunzip(chunks) if path.suffix == ".gz" else chunks)
    assert summary.refused == 0, summary
    print(f"{kind:14} {summary.lines:9,} lines in {monotonic() - began:.0f} s", flush=True)


async def read_sizes(client: Client) -> list[CollectionSize]:
    """Write a checkpoint, and return the sizes of all collections, the largest first."""
    await client.command({"fsync": 1}, database="admin")
    sizes = [_collection_size(await client.command({"collStats": name}), name) for name in COLLECTIONS]
    return sorted(sizes, key=lambda size: -size.files)


def _collection_size(stats: Document, name: str) -> CollectionSize:
    documents, document_bytes, data_file = (int(stats[key]) for key in ("count", "size", "storageSize"))
    return CollectionSize(name, documents, document_bytes, data_file, stats["indexSizes"])


def print_sizes(sizes: Sequence[CollectionSize], customers: int) -> None:
    """Print a row for each collection that has documents, one for each index of customers, and the sum."""
    print(f"{'':36} {'documents':>10} {'BSON':>9} {'data':>9} {'indexes':>9}   in MB")
    for size in sizes:
        if size.documents:
            figures = (size.document_bytes, size.data_file, sum(size.index_files.values()))
            columns = " ".join(f"{figure / MEGABYTE:9.1f}" for figure in figures)
            print(f"{size.name:36} {size.documents:10,} {columns}")
        if size.name == "customers":
            for name, index_bytes in size.index_files.items():
                print(f"  {name:34} {'':10} {'':19} {index_bytes / MEGABYTE:9.1f}")
    total = sum(size.files for size in sizes)
    print(f"{total / GIGABYTE:.2f} GB for {customers:,} customers, {total / customers:,.0f} bytes each")
    limit = MAX_GIGABYTES * GIGABYTE / CUSTOMERS
    print(f"{CUSTOMERS:,} customers: {total / customers * CUSTOMERS / GIGABYTE:.2f} GB (at most {MAX_GIGABYTES:.0f})")
    assert total / customers <= limit


async def main(customers: int, kinds: Sequence[str]) -> None:
    """Import the sample and print the sizes."""
    with temporary_replica_set() as (mongod,), TemporaryDirectory() as folder:
        paths = write_sample(Path(folder), customers, 1, datetime.now(UTC).date())
        client = Client(mongod.uri, "disk", timeout_ms=None)
        await prepare_database(client)
        scope = Scope(client, "disk", utc_now())
        await create_partner(scope, "Disk", "disk@partner.example", [])
        for kind in kinds:
            (path,) = (path for path in paths if path.name.startswith(f"{kind}."))
            await import_kind(scope, path, ImportKind(kind))
        print_sizes(await read_sizes(client), customers)
        await client.close()


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    chosen = [argument for argument in sys.argv[1:] if not argument.isdigit()]
    asyncio.run(main(numbers[0] if numbers else CUSTOMERS, chosen or KINDS))
