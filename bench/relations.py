"""CPU time of a list of 50 customers with four relations, in this checkout and beside another one.

`python -m bench.relations [BLOCKS [CHECKOUT]]` (60 blocks, this checkout alone). CHECKOUT is the folder of another
version. Each version has a process of its own; both read the same database, in blocks of five operations that
alternate, because other work on the machine changes the CPU time of an operation by half. Printed are the median CPU
time of one operation, without MongoDB's, and the median over the blocks of this checkout's time divided by the
other's. Limit after a change of loaders/: ratio at most 1.1.
"""

import asyncio
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import process_time

from domain.types import PartnerRole
from resolvers.context import Context, Viewer
from schema.build import build_schema
from server.gc_tuning import tune_gc
from server.graphql.operations import Operations
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.preparation import prepare_database
from tests.api_server import administrator_document
from tests.factory_documents import assignment, trial
from tests.mongod import temporary_replica_set
from tests.store.factory_customers import PARTNER, add_customer, partner_scope, subscription
from tests.stored_documents import stored_administrator

DATABASE, CUSTOMERS, ADMINISTRATORS, WARM_UP_BLOCKS, BLOCK_SIZE = "bench", 50, 10, 5, 5
OPERATION = """{ customers(first: 50) { nodes { id name
  subscriptions { number } assignments { administrator { displayName } assignedBy { displayName } }
  statusDetails { status entitlements { id } } activity(first: 3) { nodes { summary } } } } }"""


async def fill(uri: str) -> None:
    """Customers with three entitlements, and three of the administrators assigned to each."""
    client = Client(uri, DATABASE)
    await prepare_database(client)
    scope = await partner_scope(client)
    documents = [administrator_document(scope, PartnerRole.ADMINISTRATOR) for _ in range(ADMINISTRATORS)]
    await scope.collection("administrators").insert_many(documents)
    ids = [document["_id"] for document in documents]
    for number in range(CUSTOMERS):
        entitlements = [subscription(f"S-{number}"), subscription(f"T-{number}"), trial(f"R-{number}")]
        assigned = [ids[(number + offset) % ADMINISTRATORS] for offset in range(3)]
        assignments = [assignment(id_, assigned_by=ids[0]) for id_ in assigned]
        await add_customer(scope, f"ORG-{number:03}", *entitlements, assignments=assignments)
    await client.close()


async def serve(uri: str) -> None:
    """Run one block for each line of standard input; print the CPU milliseconds of one operation in it."""
    client, operations = Client(uri, DATABASE), Operations(build_schema())
    administrator = stored_administrator()
    viewer = Viewer(administrator, PARTNER, utc_now())
    operation = operations.prepare(OPERATION, None, {})
    tune_gc()
    while await asyncio.to_thread(sys.stdin.readline):
        started = process_time()
        for _ in range(BLOCK_SIZE):
            response = await operations.execute(operation, {}, Context(Scope(client, PARTNER, utc_now()), viewer))
            assert "errors" not in response, response
            assert len(response["data"]["customers"]["nodes"]) == CUSTOMERS
        print((process_time() - started) * 1000 / BLOCK_SIZE, flush=True)
    await client.close()


class Version:
    """A process that runs the operation with the packages of one checkout."""

    def __init__(self, checkout: Path, uri: str) -> None:
        command = [sys.executable, "-m", "bench.relations", "--serve", uri]
        self._process = subprocess.Popen(
            command, cwd=checkout, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run_block(self) -> float:
        """The CPU milliseconds of one operation."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def stop(self) -> None:
        """End the process."""
        self._process.communicate()


def main(blocks: int, other: Path | None) -> None:
    """Print each checkout's median, and the ratio."""
    checkouts = [Path.cwd(), *([other] if other else [])]
    with temporary_replica_set() as (mongod,):
        asyncio.run(fill(mongod.uri))
        versions = [Version(checkout, mongod.uri) for checkout in checkouts]
        times = [[version.run_block() for version in versions] for _ in range(WARM_UP_BLOCKS + blocks)]
        for version in versions:
            version.stop()
    times = times[WARM_UP_BLOCKS:]
    for checkout, figures in zip(checkouts, zip(*times, strict=True), strict=True):
        print(f"{checkout}: median {median(figures):.2f} ms, least {min(figures):.2f} ms of CPU for one operation")
    if other:
        print(f"ratio {median(here / there for here, there in times):.3f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 60, Path(sys.argv[2]) if sys.argv[2:] else None)
