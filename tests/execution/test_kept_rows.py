"""Objects that live longer than an operation keep their latest row; answers stay those of graphql-core's executor."""

from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse
from hypothesis import given
from hypothesis import strategies as st

from execution.metadata import EXECUTION, KEPT_ROWS, EmbeddedObjects, FieldExecution, KeptRows, StoredValue
from tests.execution.comparison import STOCK
from tests.execution.executors import COMPILED
from tests.execution.small_schema import Document

SDL = """
  type Query { rows: [Row!] }
  type Row { id: ID! name: String! isOver: Boolean! size: Int! parts: [Row!]! }
"""
SELECTIONS = ("id", "x: id name", "id isOver", "isOver parts { id name }", "id size", "parts { id isOver }")


class KeptDocument(Document):
    """A document with the row that was built of it last."""

    def __init__(self, **document: Any) -> None:
        super().__init__(**document)
        self.row: Any = ()


def make_schema() -> GraphQLSchema:
    """A row that is over from `end` on; its size differs at each moment."""
    schema = build_schema(SDL)
    row: Any = schema.type_map["Row"]
    row.extensions[KEPT_ROWS] = KeptRows("row", lambda context: context, _changes_at)
    stored = {"id": "_id", "name": "name"}
    for name, key in stored.items():
        row.fields[name].resolve = lambda root, _info, key=key: root.document[key]
        row.fields[name].extensions[EXECUTION] = FieldExecution(stored=StoredValue(key))
    _compute(row.fields["isOver"], lambda now, root: root.document["end"] <= now, is_timed=True)
    _compute(row.fields["size"], lambda now, root: now + root.document["end"], is_timed=False)
    row.fields["parts"].resolve = lambda root, _info: [Document(**part) for part in root.document["parts"]]
    embedded = EmbeddedObjects("parts", lambda part: Document(**part))
    row.fields["parts"].extensions[EXECUTION] = FieldExecution(embedded=embedded)
    return schema


def _changes_at(row: Document, now: int) -> int:
    end: int = row.document["end"]
    return end if end > now else 1_000


def _compute(field: Any, each: Any, *, is_timed: bool) -> None:
    field.resolve = lambda root, info: each(info.context, root)
    field.extensions[EXECUTION] = FieldExecution(each=each, is_synchronous=True, is_timed=is_timed)


SCHEMA = make_schema()
OPERATIONS = [parse(f"{{ rows {{ {selection} }} }}") for selection in SELECTIONS]


def execute(executor: Any, operation: int, rows: list[Any], now: int) -> Any:
    """Return the formatted result of an operation at a moment."""
    return executor.build(SCHEMA, OPERATIONS[operation], {"rows": rows}, now).execute_operation().formatted


def make_rows() -> list[KeptDocument]:
    part = {"_id": "p", "name": "part", "end": 3, "parts": []}
    unnamed = KeptDocument(_id="c", name=None, end=4, parts=[{**part, "name": None}])
    rows = [KeptDocument(_id="a", name="A", end=2, parts=[part]), KeptDocument(_id="b", name="B", end=6, parts=[])]
    return [*rows, unnamed]


@given(st.lists(st.tuples(st.integers(0, len(SELECTIONS) - 1), st.integers(0, 8), st.booleans()), max_size=12))
def test_kept_rows_are_those_of_the_moment(operations: list[tuple[int, int, bool]]) -> None:
    rows = make_rows()
    for operation, now, is_valid in operations:
        some = rows[:2] if is_valid else rows
        assert execute(COMPILED, operation, some, now) == execute(STOCK, operation, some, now)


@pytest.mark.parametrize(("operation", "is_kept"), [(0, True), (1, True), (2, True), (3, True), (4, False), (5, False)])
def test_which_rows_are_kept(operation: int, is_kept: bool) -> None:
    rows = make_rows()[:2]
    first = execute(COMPILED, operation, rows, 1)["data"]["rows"]
    assert [bool(row.row) for row in rows] == [is_kept, is_kept]
    again = execute(COMPILED, operation, rows, 1)["data"]["rows"]
    assert again == first and [one is other for one, other in zip(first, again, strict=True)] == [is_kept, is_kept]


def test_an_object_that_is_not_kept_keeps_no_row() -> None:
    row = make_rows()[0]
    row.row = None
    execute(COMPILED, 0, [row], 1)
    assert row.row is None
