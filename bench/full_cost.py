"""Processor time of operations that cost almost MAX_COST, one for each field of the schema: the budget means 200 ms.

`python -m bench.full_cost [WORD] [CUSTOMERS]` (all fields, 300 customers of the sample). Each operation repeats one
field under aliases until it costs 29,000: a field at the root, or a field of the rows of a list at the root. Fields
whose arguments are required are left out. Printed are the processor time of the process (without MongoDB's), the least
of three runs, and the cost that was counted, the most expensive fields first. Limit: 300 ms, where the machine is quiet
200 ms.
"""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, NamedTuple

from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument

from domain.types import PartnerRole
from resolvers.context import Context, Viewer
from schema.build import build_schema
from server.cli.sample_partner import ADMINISTRATOR_EMAILS, PARTNER_ID, load_sample
from server.gc_tuning import tune_gc
from server.graphql.operation import Operation, build_executor
from server.graphql.operations import OperationRejected, Operations
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.preparation import prepare_database
from store.tenants.administrators import Administrators
from tests.mongod import temporary_replica_set

FULL_COST, LIMIT_MS, SHOWN, DATABASE = 29_000, 300.0, 25, "bench"
# Of one page, so that a row may have many fields, and of the default.
_PAGES = ("(first: 200)", "")
_MAX_ALIASES = 200


class Result(NamedTuple):
    """The figures of one operation."""

    milliseconds: float
    cost: int
    name: str
    answer: str


def selection(graphql_type: Any, levels: int = 1) -> str:
    """Return all leaves of a type without required arguments, and of the objects below it; empty for a leaf."""
    named = get_named_type(graphql_type)
    if is_leaf_type(named):
        return ""
    parts = ["__typename"]
    for name, field in getattr(named, "fields", {}).items():
        if is_optional(field):
            inner = selection(field.type, levels - 1) if levels or is_leaf_type(get_named_type(field.type)) else None
            parts += [] if inner is None else [name + inner]
    return " { " + " ".join(parts) + " }"


def is_optional(field: GraphQLField) -> bool:
    """Return whether the field can be selected without arguments."""
    return not any(is_required_argument(argument) for argument in field.args.values())


class FullOperations:
    """Builds the operations of one schema."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def all(self) -> Iterator[tuple[str, Operation]]:
        """Yield a name and an operation for each field of Query, and for each field of the rows of its lists."""
        query = self._operations.graphql_schema.query_type
        assert query is not None
        for name, field in query.fields.items():
            if not is_optional(field):
                continue
            nodes = getattr(get_named_type(field.type), "fields", {}).get("nodes")
            if nodes is None:
                yield from self._fill(name, "{{ {} }}", name + selection(field.type))
                continue
            yield from self._fill(name, "{{ {} }}", f"{name}(first: 200) {{ nodes {{ __typename }} }}")
            yield from self._rows(name, get_named_type(nodes.type))

    def _rows(self, root: str, row: Any) -> Iterator[tuple[str, Operation]]:
        assert isinstance(row, GraphQLObjectType) or row.fields
        for name, field in row.fields.items():
            if not is_optional(field):
                continue
            for page in _PAGES:
                frame = "{{ " + root + page + " {{ nodes {{ {} }} }} }}"
                found = list(self._fill(f"{root}{page}.{name}", frame, name + selection(field.type, 0)))
                yield from found
                if found:
                    break

    def _fill(self, name: str, frame: str, part: str) -> Iterator[tuple[str, Operation]]:
        """Yield the operation with as many aliases of the part as are accepted, if one is."""
        accepted, refused = 0, _MAX_ALIASES + 1
        best: Operation | None = None
        while refused - accepted > 1:
            middle = (accepted + refused) // 2
            text = frame.format(" ".join(f"a{number}: {part}" for number in range(middle)))
            operation = self._prepare(text)
            accepted, refused, best = (middle, refused, operation) if operation else (accepted, middle, best)
        if best is not None:
            yield f"{name} x {accepted}", best

    def _prepare(self, text: str) -> Operation | None:
        """Return the operation where it is within the cost."""
        try:
            operation = self._operations.prepare(text, None)
        except OperationRejected:
            return None
        return operation if operation.cost <= FULL_COST else None


async def measure(operations: Operations, name: str, operation: Operation, client: Client, viewer: Viewer) -> Result:
    """Run an operation three times; return the least processor time."""
    scope = Scope(
        client, PARTNER_ID, utc_now(), administrator_id=viewer.administrator.id, role=viewer.administrator.role
    )
    times: list[float] = []
    executor: Any = None
    result: Any = None
    for _ in range(3):
        executor = build_executor(operations.graphql_schema, operation, {}, Context(scope, viewer))
        started = process_time()
        result = executor.execute_operation()
        result = await result if executor.is_awaitable(result) else result
        times.append((process_time() - started) * 1000)
    answer = "stopped" if executor.failure else str(result.errors[0])[:40] if result.errors else "ok"
    return Result(min(times), executor.spent_cost, f"{name} (weighed {operation.cost:,})", answer)


async def main(uri: str, word: str, customers: int) -> int:
    """Load the sample, measure all fields, print the worst; return 1 where one is above the limit."""
    client = Client(uri, DATABASE)
    await prepare_database(client)
    scope = Scope(client, PARTNER_ID, utc_now())
    with TemporaryDirectory() as folder:
        await load_sample(client, scope, Path(folder), customers)
    administrator = await Administrators(scope).by_email(ADMINISTRATOR_EMAILS[PartnerRole.FULL_ADMINISTRATOR])
    assert administrator is not None
    viewer = Viewer(administrator, PARTNER_ID, utc_now())
    operations = Operations(build_schema())
    tune_gc()
    results = [
        await measure(operations, name, operation, client, viewer)
        for name, operation in FullOperations(operations).all()
        if word in name
    ]
    await client.close()
    results.sort(reverse=True)
    for result in results[:SHOWN]:
        print(f"{result.milliseconds:8.1f} ms  counted {result.cost:6,}  {result.name}: {result.answer}")
    print(f"{len(results)} operations; worst {results[0].milliseconds:.1f} ms (at most {LIMIT_MS:.0f})")
    return int(results[0].milliseconds > LIMIT_MS)


if __name__ == "__main__":
    with temporary_replica_set() as (mongod,):
        chosen = sys.argv[1] if len(sys.argv) > 1 else ""
        sys.exit(asyncio.run(main(mongod.uri, chosen, int(sys.argv[2]) if len(sys.argv) > 2 else 300)))
