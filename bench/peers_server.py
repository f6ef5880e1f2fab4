"""The schema of the peers harness, served through execution/: an ASGI application over the harness's collections.

`python -m bench.peers_server SCHEMA_FILE URI PORT` runs it; bench.peers does.
"""

import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pymongo
import uvicorn
from graphql import GraphQLSchema, build_schema, parse, validate
from msgspec import Struct
from strawberry.execution import optimized_is_awaitable

from execution.context import CompiledExecutionContext
from execution.metadata import EXECUTION, FieldExecution, StoredValue
from execution.variables import Signatures, coerce_variables, read_signatures
from server.gc_tuning import tune_gc
from store.database.client import Collection

_SORT = [("name", 1), ("_id", 1)]
# Stored instants are naive, in UTC and of whole seconds; orjson writes them.
_INSTANTS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


class Row(Struct, frozen=True):
    """A document of the database, or an embedded one."""

    document: Mapping[str, Any]


class Connection(Struct, frozen=True):
    """A page of customers; an edge is its customer, as it has nothing else."""

    edges: list[Row]
    page_info: dict[str, Any]


class Database:
    """The reads of the harness, with projections; it is the context of an operation."""

    def __init__(self, uri: str, name: str = "bench10k") -> None:
        collections = pymongo.AsyncMongoClient[dict[str, Any]](uri, maxPoolSize=50)[name]
        self._subscriptions = collections["subscriptions"]
        # As the store of this project reads.
        self._customers, self._tags = Collection(collections["customers"]), Collection(collections["tags"])

    async def page(
        self, partner: str, condition: Mapping[str, Any] | None, first: int, after: str | None, keys: frozenset[str]
    ) -> Connection:
        where: dict[str, Any] = {"partnerId": partner}
        for argument, key in (("status", "statuses"), ("product", "products")):
            if condition and condition.get(argument):
                where[key] = condition[argument]
        if after:
            name, id_ = b64decode(after).decode().rsplit("|", 1)
            where |= {"name": {"$gte": name}, "$or": [{"name": {"$gt": name}}, {"_id": {"$gt": id_}}]}
        fields = dict.fromkeys({*keys, "name"}, 1)
        documents = await self._customers.find(where, fields, sort=_SORT, limit=first + 1)
        has_next = len(documents) > first
        rows = documents[:first]
        end = b64encode(f"{rows[-1]['name']}|{rows[-1]['_id']}".encode()).decode() if rows else None
        return Connection([*map(Row, rows)], {"hasNextPage": has_next, "endCursor": end})

    async def tags(self, customers: Sequence[Row], projection: frozenset[str]) -> list[list[Row]]:
        ids = list({id_ for customer in customers for id_ in customer.document["tagIds"]})
        fields = dict.fromkeys(projection, 1)
        documents = await self._tags.find({"_id": {"$in": ids}}, fields, limit=max(1, len(ids)))
        by_id = {document["_id"]: Row(document) for document in documents}
        return [[by_id[id_] for id_ in customer.document["tagIds"]] for customer in customers]

    async def subscriptions(self, customers: Sequence[Row], projection: frozenset[str]) -> list[list[Row]]:
        by_customer: dict[str, list[Row]] = {customer.document["_id"]: [] for customer in customers}
        fields = dict.fromkeys({*projection, "customerId"}, 1)
        where = {"customerId": {"$in": list(by_customer)}}
        for document in await self._subscriptions.find(where, fields, batch_size=5000).to_list(None):
            by_customer[document["customerId"]].append(Row(document))
        return list(by_customer.values())


def _page(context: Database, _root: None, *, projection: frozenset[str], **arguments: Any) -> Any:
    condition, after = arguments.get("filter"), arguments.get("after")
    return context.page(arguments["partnerId"], condition, arguments["first"], after, projection)


def _nodes(_context: Database, edges: Sequence[Row]) -> Sequence[Row]:
    return edges


def _licenses(_context: Database, subscriptions: Sequence[Row]) -> list[Row]:
    return [Row(subscription.document["licenses"]) for subscription in subscriptions]


def declare(schema: GraphQLSchema) -> None:
    """Declare how the fields of the harness's schema are executed."""
    types: Any = schema.type_map
    for name in ("Customer", "Tag", "ProductSubscription", "Licenses"):
        for key, field in types[name].fields.items():
            stored = StoredValue("_id" if key == "id" else key)
            field.extensions[EXECUTION] = FieldExecution(stored=stored)
    connection = types["CustomerConnection"].fields
    connection["edges"].extensions[EXECUTION] = FieldExecution(same_read=True)
    types["CustomerEdge"].fields["node"].extensions[EXECUTION] = FieldExecution(same_read=True, batch=_nodes)
    connection["pageInfo"].extensions[EXECUTION] = FieldExecution(reads=frozenset())
    connection["pageInfo"].resolve = lambda page, _info: page.page_info
    customer = types["Customer"].fields
    batches: dict[str, tuple[Callable[..., Any], str]] = {
        "tags": (Database.tags, "tagIds"),
        "subscriptions": (Database.subscriptions, "_id"),
    }
    for name, (batch, key) in batches.items():
        customer[name].extensions[EXECUTION] = FieldExecution(
            batch=batch, reads=frozenset([key]), takes_projection=True
        )
    types["ProductSubscription"].fields["licenses"].extensions[EXECUTION] = FieldExecution(
        batch=_licenses, reads=frozenset(["licenses"])
    )
    types["Query"].fields["customers"].extensions[EXECUTION] = FieldExecution(each=_page, takes_projection=True)


class Application:
    """The ASGI application: an operation is built once, and its executor is copied for each request."""

    def __init__(self, schema_file: str, uri: str) -> None:
        self._schema = build_schema(Path(schema_file).read_text())
        declare(self._schema)
        self._uri = uri
        self._database: Database | None = None
        self._executors: dict[tuple[str, str | None], tuple[CompiledExecutionContext, Signatures]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a POST; there are no other requests."""
        if scope["type"] != "http":
            return
        body, is_whole = b"", False
        while not is_whole:
            message = await receive()
            body, is_whole = body + message.get("body", b""), not message.get("more_body")
        answer = await self._answer(orjson.loads(body))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, parameters: Mapping[str, Any]) -> bytes:
        if self._database is None:
            self._database = Database(self._uri)
        text, name, inputs = parameters["query"], parameters["operationName"], parameters["variables"]
        if (text, name) not in self._executors:
            self._executors[text, name] = self._build(text, name, inputs)
        prototype, signatures = self._executors[text, name]
        executor, values = prototype.copy(self._database), coerce_variables(signatures, inputs)
        assert values is not None
        executor.variable_values = values
        result: Any = await executor.execute_operation()
        assert not result.errors and executor.fallback_reason is None, (result.errors, executor.fallback_reason)
        return orjson.dumps({"data": result.data}, option=_INSTANTS)

    def _build(
        self, text: str, name: str | None, inputs: dict[str, Any]
    ) -> tuple[CompiledExecutionContext, Signatures]:
        document = parse(text)
        assert not validate(self._schema, document)
        options: dict[str, Any] = {"operation_name": name, "is_awaitable": optimized_is_awaitable}
        executor: Any = CompiledExecutionContext.build(self._schema, document, raw_variable_values=inputs, **options)
        signatures = read_signatures(self._schema, executor.operation)
        assert signatures is not None
        return executor, signatures


if __name__ == "__main__":
    options: dict[str, Any] = {"loop": "uvloop", "http": "httptools", "timeout_keep_alive": 120}
    served = Application(sys.argv[1], sys.argv[2])
    tune_gc()
    uvicorn.run(served, port=int(sys.argv[3]), log_level="error", access_log=False, **options)
