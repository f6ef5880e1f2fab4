"""How fields are declared: permissions, arguments, and what is told of a selection."""

from types import SimpleNamespace
from typing import Any

import strawberry
from graphql import ExecutionResult, graphql_sync

from domain.permissions import Permission
from schema.fields import Argument, field


@strawberry.input
class Inner:
    text: str | None = strawberry.UNSET


@strawberry.input
class Outer:
    inner: list[Inner] | None = strawberry.UNSET
    not_: Inner | None = strawberry.field(name="not", default=strawberry.UNSET)
    number: int = 7


@strawberry.type
class Box:
    full: bool
    empty: bool


def shown(_context: Any, _root: None, **arguments: Any) -> str:
    return repr(sorted(arguments.items()))


def box(_context: Any, _root: None, is_asked: bool) -> Box:
    return Box(full=is_asked, empty=not is_asked)


@strawberry.type
class Query:
    open = field(shown, str)
    closed = field(shown, str | None, requires=Permission.MANAGE_ORGANIZATION)
    arguments = field(
        shown,
        str,
        outer=Argument(Outer | None),
        flag=Argument(bool, default=True),
        note=Argument(str | None, description="N."),
    )
    box = field(box, Box, selection_flags={"is_asked": frozenset({"full"})})


SCHEMA = strawberry.Schema(query=Query)


def run(text: str, *permissions: Permission, **variables: Any) -> ExecutionResult:
    context = SimpleNamespace(viewer=SimpleNamespace(permissions=permissions))
    return graphql_sync(SCHEMA._schema, text, context_value=context, variable_values=variables)


def test_a_forbidden_field_is_null_and_its_neighbours_answer() -> None:
    result = run("{ closed open }", Permission.EDIT_TAGS)
    assert result.data == {"closed": None, "open": "[]"}
    assert [str(error.original_error) for error in result.errors or ()] == [
        "Your role does not have the permission MANAGE_ORGANIZATION."
    ]
    assert run("{ closed }", Permission.MANAGE_ORGANIZATION).data == {"closed": "[]"}


def test_permissions_and_descriptions_print_into_the_schema() -> None:
    printed = SCHEMA.as_str()
    assert "closed: String @requiresPermission(permission: MANAGE_ORGANIZATION)" in printed
    assert "flag: Boolean! = true" in printed
    assert '"""N."""' in printed


def test_inputs_reach_the_resolver_as_plain_mappings_of_what_was_given() -> None:
    text = "query ($o: Outer) { arguments(outer: $o) }"
    data = run(text, o={"inner": {"text": "a"}, "not": {}}).data
    assert data == {"arguments": repr([("flag", True), ("outer", {"inner": [{"text": "a"}], "not_": {}, "number": 7})])}
    assert run(text, o=None).data == {"arguments": repr([("flag", True), ("outer", None)])}
    assert run("{ arguments(flag: false, note: null) }").data == {"arguments": repr([("flag", False), ("note", None)])}


def test_a_selection_is_told_through_aliases_and_fragments() -> None:
    fragment = "fragment F on Box { ... { x: full } }"
    assert run("{ box { full } }").data == {"box": {"full": True}}
    assert run("{ box { ...F } } " + fragment).data == {"box": {"x": True}}
    assert run("{ box { empty } }").data == {"box": {"empty": True}}
    assert run("{ box { ...G ...G } } fragment G on Box { empty }").data == {"box": {"empty": True}}
