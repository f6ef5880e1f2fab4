"""Processor time of operations with all limits of server/graphql/ and schema/executor.py, and without them.

`python -m bench.overhead [BLOCKS]` (60 blocks). Both run in one process over the same database, in blocks of five
operations that alternate, because other work on the machine changes the time of an operation by half. "Without" skips
the checks of text, variables and cost, and executes the same compiled plan without counting its cost. Printed are the
median processor time of one operation, and the median over the blocks of the ratio. Limit: 1.15 for each operation.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from statistics import median
from time import process_time
from typing import Any

import orjson
from graphql import ExecutionResult

from bench.relations import CUSTOMERS, DATABASE, fill
from resolvers.context import Context, Viewer
from schema.build import build_schema
from server.gc_tuning import tune_gc
from server.graphql.operation import Operation, build_executor
from server.graphql.operations import Operations
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.mongod import temporary_replica_set
from tests.store.factory_customers import PARTNER
from tests.stored_documents import stored_administrator

BLOCK_SIZE, LIMIT = 5, 1.15
OPERATIONS = {
    "point read, 10 fields": """query ($id: ID!) { node(id: $id) { ... on Customer {
        id externalId name domain country managedBy statuses products version updatedAt } } }""",
    "list of 50, 10 fields": """{ customers(first: 50) { nodes {
        id externalId name domain country managedBy statuses products version updatedAt }
        pageInfo { hasNextPage endCursor } } }""",
    "list of 50 with relations": """{ customers(first: 50) { nodes { id name statuses tags { id name color }
        subscriptions { id number state endsAt autoRenew licenses { product total assigned used } } } } }""",
    "a message's worth": "{ customers(first: 1) { nodes { id name statuses } } }",
}


class Bench:
    """Runs one operation with and without limits."""

    def __init__(self, client: Client) -> None:
        self._client, self._operations = client, Operations(build_schema())
        administrator = stored_administrator()
        self._viewer = Viewer(administrator, PARTNER, utc_now())

    def _context(self) -> Context:
        return Context(Scope(self._client, PARTNER, utc_now()), self._viewer)

    async def first_id(self) -> str:
        """Return the id of a customer."""
        operation = self._operations.prepare("{ customers(first: 1) { nodes { id } } }", None)
        answer: Any = await self._operations.execute(operation, {}, self._context())
        return str(answer["data"]["customers"]["nodes"][0]["id"])

    def prepare(self, text: str, variables: dict[str, Any]) -> Operation:
        """Return the operation."""
        return self._operations.prepare(text, None, variables)

    async def with_limits(self, operation: Operation, variables: dict[str, Any]) -> bytes:
        """Return the answer of the server's path from the text on."""
        prepared = self._operations.prepare(operation.text, None, variables)
        return orjson.dumps(await self._operations.execute(prepared, variables, self._context()))

    async def without_limits(self, operation: Operation, variables: dict[str, Any]) -> bytes:
        """Return the answer of the same executor, which counts no cost and has no limit."""
        async with asyncio.timeout(10):
            executor: Any = build_executor(self._operations.graphql_schema, operation, variables, self._context())
            executor.spend = _spend_nothing
            result: Any = executor.execute_operation()
            result = result if isinstance(result, ExecutionResult) else await result
        return orjson.dumps({"data": result.data})


def _spend_nothing(_cost: int) -> None:
    """Count nothing."""


async def seconds(run: Callable[..., Awaitable[bytes]], operation: Operation, variables: dict[str, Any]) -> float:
    """Return the processor time of one operation, as the mean of a block."""
    started = process_time()
    for _ in range(BLOCK_SIZE):
        await run(operation, variables)
    return (process_time() - started) / BLOCK_SIZE


async def compare(bench: Bench, name: str, text: str, blocks: int) -> float:
    """Print the figures of one operation; return the ratio."""
    variables = {"id": await bench.first_id()} if "$id" in text else {}
    operation = bench.prepare(text, variables)
    assert await bench.with_limits(operation, variables) == await bench.without_limits(operation, variables)
    pairs = [
        (
            await seconds(bench.with_limits, operation, variables),
            await seconds(bench.without_limits, operation, variables),
        )
        for _ in range(blocks)
    ]
    limited, plain, ratio = (
        median(pair[0] for pair in pairs),
        median(pair[1] for pair in pairs),
        median(pair[0] / pair[1] for pair in pairs),
    )
    print(
        f"{name:28} {limited * 1e6:8,.0f} µs with limits {plain * 1e6:8,.0f} µs without; ratio {ratio:.3f}", flush=True
    )
    return ratio


async def main(uri: str, blocks: int) -> int:
    """Fill the database and compare all operations; return 1 where a ratio is above the limit."""
    await fill(uri)
    client = Client(uri, DATABASE)
    bench = Bench(client)
    tune_gc()
    ratios = [await compare(bench, name, text, blocks) for name, text in OPERATIONS.items()]
    await client.close()
    print(f"largest ratio {max(ratios):.3f} (at most {LIMIT}), {CUSTOMERS} customers")
    return int(max(ratios) > LIMIT)


if __name__ == "__main__":
    with temporary_replica_set() as (mongod,):
        sys.exit(asyncio.run(main(mongod.uri, int(sys.argv[1]) if len(sys.argv) > 1 else 60)))
