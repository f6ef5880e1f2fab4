"""A small schema with every kind of field, on both executors."""

import asyncio
import enum
from collections.abc import Sequence
from typing import Any

import strawberry
from graphql import ExecutionResult

from execution.context import CompiledExecutionContext
from execution.metadata import EXECUTION, FieldExecution, StoredValue


@strawberry.enum
class Color(enum.Enum):
    RED = "r"
    GREEN = "g"


@strawberry.interface
class Node:
    id: strawberry.ID


class Document:
    """What a store returns: a mapping, and properties that convert its values."""

    def __init__(self, **document: Any) -> None:
        self.document = document

    @property
    def name(self) -> Any:
        return self.document["name"]

    @property
    def id(self) -> Any:
        return self.document["_id"]


async def read_tags(context: Any, parents: Sequence[Any], n: int = 1) -> list[list["Tag"]]:
    """The tags of many customers; `context` records the calls."""
    await asyncio.sleep(0)
    if context is not None:
        context.append(len(parents))
    ids = [f"{parent.id}-{{}}" for parent in parents]
    return [[Tag(id=strawberry.ID(id_.format(i)), color=Color.RED, size=i) for i in range(n)] for id_ in ids]


@strawberry.type
class Tag(Node):
    color: Color
    size: int

    @strawberry.field
    async def later(self) -> int | None:
        await asyncio.sleep(0)
        if self.size == 1:
            raise ValueError("bad")
        return self.size

    @strawberry.field
    def must(self) -> int:
        if self.size == 1:
            raise ValueError("must")
        return self.size


@strawberry.type
class Customer(Node):
    name: str = strawberry.field(metadata={EXECUTION: FieldExecution(stored=StoredValue("name"))})

    @strawberry.field(metadata={EXECUTION: FieldExecution(batch=read_tags)})  # type: ignore[untyped-decorator]
    async def tags(self, n: int = 1) -> list[Tag]:
        return (await read_tags(None, [self], n))[0]

    @strawberry.field
    def optional_tags(self) -> list[Tag | None] | None:
        items: Any = [None, Tag(id=strawberry.ID("x"), color=Color.GREEN, size=1), ValueError("item")]
        return [*items, Tag(id=strawberry.ID("y"), color=Color.GREEN, size=2)]

    @strawberry.field
    def matrix(self) -> list[list[int | None] | None]:
        rows: Any = ((i for i in (1, None, "x")), None, [2], 5)
        return rows  # type: ignore[no-any-return]

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        return isinstance(value, Document)


@strawberry.type
class Query:
    @strawberry.field
    def customers(self, n: int = 2) -> list[Customer]:
        found: Any = [Document(_id=str(i), name=f"n{i}" if i != 3 else None) for i in range(n)]
        return found  # type: ignore[no-any-return]

    @strawberry.field
    def node(self, k: int = 0) -> Node | None:
        found: Any = [Tag(id=strawberry.ID("1"), color=Color.RED, size=3), Document(_id="3", name="n"), None, object()]
        return found[k]  # type: ignore[no-any-return]

    @strawberry.field
    async def nodes(self) -> list[Node | None]:
        found: Any = [Tag(id=strawberry.ID("1"), color=Color.RED, size=3), Document(_id="3", name="n"), None]
        return [*found, Document(_id="4", name=None), object()]


@strawberry.type
class Mutation:
    missing: str = strawberry.field(metadata={EXECUTION: FieldExecution(stored=StoredValue("missing"))})

    @strawberry.mutation
    async def add(self, info: strawberry.Info, number: int) -> int:
        await asyncio.sleep(0.001 / number)
        if number == 5:
            raise ValueError("five")
        info.context.append(number)
        return len(info.context)


class Counting(CompiledExecutionContext):
    """Records why operations were not compiled."""

    reasons: list[str] = []  # noqa: RUF012

    def not_compiled(self, reason: str) -> None:
        self.reasons.append(reason)


def _quiet(_errors: Any, _context: Any = None) -> None:
    """Log no errors."""


STOCK = strawberry.Schema(Query, Mutation, types=[Tag, Customer])
COMPILED = strawberry.Schema(Query, Mutation, types=[Tag, Customer], execution_context_class=Counting)
for schema in (STOCK, COMPILED):
    schema.process_errors = _quiet  # type: ignore[assignment,method-assign]


async def execute(schema: strawberry.Schema, text: str, variables: dict[str, Any] | None = None) -> ExecutionResult:
    """Return the result of an operation."""
    result: Any = await schema.execute(text, variable_values=variables, context_value=[])
    return result  # type: ignore[no-any-return]


def shown(result: ExecutionResult) -> Any:
    """Return a result in a form that can be compared, with the order of its keys."""
    return repr(result.data), [(each.message, each.path, each.locations) for each in result.errors or ()]
