"""What the compiled executor does for a level as a whole has the results of graphql-core's executor."""

from enum import Enum
from typing import Any

import pytest
from graphql import GraphQLObjectType, GraphQLSchema, build_schema, parse

from execution.metadata import ARE_ALL_OF_TYPE, EXECUTION, EmbeddedObjects, FieldExecution, StoredValue
from execution.values import are_plain
from tests.execution.comparison import STOCK
from tests.execution.executors import COMPILED, last_fallback
from tests.execution.small_schema import Document

SDL = """
  scalar Upper
  type Query { rows: [Row] wide: [Row!]! }
  type Row { id: ID! size: Int need: Int! shout: Upper loud: Upper! rows: [Row!]! parts: [Row] }
"""


def make_schema() -> GraphQLSchema:
    schema = build_schema(SDL)
    scalar: Any = schema.type_map["Upper"]
    scalar.coerce_output_value = lambda value: None if value == "none" else value.upper()
    for name, key in (("size", "size"), ("need", "size"), ("shout", "text"), ("loud", "text")):
        field = _row(schema).fields[name]
        field.resolve = lambda root, _info, key=key: _read(None, root, key)
        field.extensions[EXECUTION] = FieldExecution(
            each=lambda context, root, key=key: _read(context, root, key), is_synchronous=True
        )
    field = _row(schema).fields["id"]
    field.resolve = lambda root, _info: root.document["_id"]
    field.extensions[EXECUTION] = FieldExecution(stored=StoredValue("_id"))
    for name in ("rows", "parts"):
        field = _row(schema).fields[name]
        field.resolve = lambda root, _info: list(map(_wrap, _in_order(root.document["rows"])))
        field.extensions[EXECUTION] = FieldExecution(embedded=EmbeddedObjects("rows", _wrap, _in_order))
    return schema


def _wrap(row: Any) -> Document:
    return Document(**row)


def _in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(row["_id"]))


def _row(schema: GraphQLSchema) -> GraphQLObjectType:
    row: Any = schema.type_map["Row"]
    return row  # type: ignore[no-any-return]


def _read(_context: Any, root: Document, key: str) -> Any:
    value = root.document[key]
    if isinstance(value, Exception):
        raise value
    return value


def results(schema: GraphQLSchema, text: str, root: Any) -> list[Any]:
    """Return the formatted results of both executors, graphql-core's first."""
    found: list[Any] = []
    for executor in (STOCK, COMPILED):
        execution: Any = executor.build(schema, parse(text), root)
        found.append(execution.execute_operation().formatted)
    assert last_fallback() is None
    return found


SIZES = [1, None, "2", "many", 2**40, ValueError("bad"), True, 1.5]
TEXTS = ["a", None, 5, "none", ValueError("bad")]


@pytest.mark.parametrize("fields", ["size", "need", "shout", "loud", "id size need shout loud", "x: size y: size"])
@pytest.mark.parametrize("field", ["rows", "wide"])
def test_computed_values_of_every_kind(fields: str, field: str) -> None:
    schema = make_schema()
    for number in range(len(SIZES)):
        size, text = SIZES[number], TEXTS[number % len(TEXTS)]
        root = {field: [Document(_id="1", size=3, text="b"), Document(_id="2", size=size, text=text)]}
        expected, actual = results(schema, f"{{ {field} {{ {fields} }} }}", root)
        assert actual == expected


@pytest.mark.parametrize(
    "fields", ["id", "__typename id", "id size", "loud x: id", "rows { id } need", "parts { loud }"]
)
@pytest.mark.parametrize("field", ["rows", "parts", "rows parts"])
def test_embedded_objects_of_every_kind(fields: str, field: str) -> None:
    schema = make_schema()
    text = " ".join(f"{name} {{ {fields} }}" for name in field.split())
    good = {"_id": "b", "size": 1, "text": "t", "rows": [{"_id": "z", "text": "y"}, {"_id": "x", "text": "none"}]}
    worst = {"_id": None, "size": "many", "text": ValueError("bad"), "rows": None}
    for changed in [{}, *({key: value} for key, value in worst.items())]:
        rows = [good, {**good, "_id": "a", **changed}]
        for embedded in (rows, [], None, [None, good], [*rows, good]):
            roots = [Document(_id="1", rows=embedded), Document(_id="2", rows=[good])]
            expected, actual = results(schema, f"{{ wide {{ id {text} }} }}", {"wide": roots})
            assert actual == expected


@pytest.mark.parametrize("id_", ["r", None])
def test_repeated_objects_have_errors_at_each_place(id_: str | None) -> None:
    rows = [Document(_id="q"), Document(_id=id_)] * 20
    expected, actual = results(make_schema(), "{ rows { id __typename } }", {"rows": rows})
    assert actual == expected
    assert len(actual.get("errors", ())) == (0 if id_ else 20)


def test_one_check_replaces_that_of_each_object() -> None:
    schema = make_schema()
    row, calls = _row(schema), []

    def is_type_of(value: Any, _info: Any) -> bool:
        calls.append(value)
        return isinstance(value, Document)

    row.is_type_of = is_type_of
    row.extensions[ARE_ALL_OF_TYPE] = lambda objects: all(type(each) is Document for each in objects)
    expected, actual = results(schema, "{ rows { id } }", {"rows": [Document(_id="1"), Document(_id="2")]})
    assert actual == expected and len(calls) == 2
    expected, actual = results(schema, "{ rows { id } }", {"rows": [Document(_id="1"), "no row"]})
    assert actual == expected and actual["errors"]
    row.extensions[ARE_ALL_OF_TYPE] = lambda objects: 1 // 0
    expected, actual = results(schema, "{ rows { id } }", {"rows": [Document(_id="1"), "no row"]})
    assert actual == expected and actual["errors"]


def test_members_of_an_enumeration_need_no_closer_look() -> None:
    color: Any = Enum("color", "RED GREEN")
    dynamic = type("Dynamic", (), {"__getattr__": lambda self, name: None})
    assert are_plain({color}, set())
    assert not are_plain({dynamic}, set()) and not are_plain({type("Below", (dynamic,), {})}, set())


def test_an_operation_that_is_nested_too_deeply_is_one_error() -> None:
    schema = build_schema("type Query { again: Query }")
    root: dict[str, Any] = {}
    root["again"] = root
    executor: Any = COMPILED.build(schema, parse("{ again { again { __typename } } }"), root)
    executor._find_plan()
    executor.spend = _raise_recursion
    result = executor.execute_operation()
    assert result.data is None
    assert [str(error) for error in result.errors] == ["This operation is nested too deeply."]


def _raise_recursion(_cost: int) -> None:
    raise RecursionError
