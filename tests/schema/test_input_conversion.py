"""The conversion of a Strawberry input into the struct of domain/: absent, null, nested inputs, lists, enums."""

import gc
from collections.abc import Mapping
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from graphql import (
    ExecutionResult,
    Undefined,
    coerce_input_value,
    graphql_sync,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    is_required_input_field,
)
from msgspec import Struct
from strawberry.types.arguments import convert_arguments

from domain.failures import Forbidden, TextTooLong
from domain.inputs import ABSENT, Omittable
from domain.partner.tags import TagColor
from domain.permissions import Permission
from execution.metadata import field_execution, strawberry_field
from schema.build import build_schema
from schema.enums import TagColor as TagColorEnum
from schema.fields import field, mutation
from schema.input_conversion import build_input, check_input_type, plain_converter, to_plain_arguments
from schema.mutation_parts import IDEMPOTENCY_KEY_FIELD
from store.changes.mutations import MutationRequest


class Line(Struct, frozen=True, kw_only=True):
    count: int
    note: Omittable[str] = ABSENT


class Place(Struct, frozen=True, kw_only=True):
    name: str
    color: TagColor
    description: Omittable[str] = ABSENT
    best: Omittable[TagColor] = ABSENT
    lines: tuple[Line, ...]
    spare: Omittable[tuple[Line, ...]] = ABSENT
    first: Omittable[Line] = ABSENT
    ids: Omittable[tuple[str, ...]] = ABSENT
    filter: Omittable[Mapping[str, Any]] = ABSENT


@strawberry.input
class LineInput:
    count: int
    note: str | None = strawberry.UNSET


@strawberry.input
class FilterInput:
    search: str | None = strawberry.UNSET
    any_of: list["FilterInput"] | None = strawberry.UNSET


@strawberry.input
class PlaceInput:
    name: str
    color: TagColorEnum = TagColorEnum.GRAY
    description: str | None = strawberry.UNSET
    best: TagColorEnum | None = strawberry.UNSET
    lines: list[LineInput]
    spare: list[LineInput] | None = strawberry.UNSET
    first: LineInput | None = strawberry.UNSET
    ids: list[strawberry.ID] | None = strawberry.UNSET
    filter: FilterInput | None = strawberry.UNSET
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


REQUESTS: list[MutationRequest[Place]] = []


def make_place(_context: Any, request: MutationRequest[Place]) -> SimpleNamespace:
    REQUESTS.append(request)
    return SimpleNamespace(name=request.input.name)


@strawberry.type
class PlacePayload:
    name: str


@strawberry.type
class Query:
    nothing = field(lambda _context, _root: None, str | None)


@strawberry.type
class Mutation:
    guarded = mutation(make_place, PlacePayload, PlaceInput, Place, requires=Permission.EDIT_TAGS, needs_terms=False)
    make_place = mutation(make_place, PlacePayload, PlaceInput, Place)


SCHEMA = strawberry.Schema(query=Query, mutation=Mutation)


def run(name: str, given: Mapping[str, Any], *permissions: Permission) -> ExecutionResult:
    REQUESTS.clear()
    context = SimpleNamespace(viewer=SimpleNamespace(permissions=permissions))
    text = f"mutation($input: PlaceInput!) {{ {name}(input: $input) {{ name }} }}"
    return graphql_sync(SCHEMA._schema, text, context_value=context, variable_values={"input": given})


def converted(**given: Any) -> Place:
    result = run("makePlace", {"name": "Here", "lines": [], **given})
    assert result.errors is None and result.data == {"makePlace": {"name": "Here"}}
    (request,) = REQUESTS
    return request.input


def test_an_omitted_field_is_absent_and_a_default_is_its_value() -> None:
    assert converted() == Place(name="Here", color=TagColor.GRAY, lines=())


@pytest.mark.parametrize("name", ["description", "best", "spare", "first", "ids", "filter"])
def test_null_is_not_absent(name: str) -> None:
    place = converted(**{name: None})
    assert getattr(place, name) is None
    assert place != converted()


def test_enums_are_those_of_the_domain() -> None:
    place = converted(color="RED", best="TEAL")
    assert (place.color, place.best) == (TagColor.RED, TagColor.TEAL)
    assert type(place.color) is TagColor and type(place.best) is TagColor


def test_nested_inputs_become_their_structs() -> None:
    place = converted(lines=[{"count": 1}, {"count": 2, "note": None}], first={"count": 3, "note": "n"})
    assert place.lines == (Line(count=1), Line(count=2, note=None))
    assert place.first == Line(count=3, note="n")


def test_lists_become_tuples_and_one_value_stands_for_a_list() -> None:
    place = converted(ids=["a", "b"], spare={"count": 1})
    assert place.ids == ("a", "b")
    assert place.spare == (Line(count=1),)
    assert converted(ids=[]).ids == ()


def test_a_filter_stays_a_mapping_of_its_given_conditions() -> None:
    place = converted(filter={"anyOf": [{"search": "a"}, {}], "search": None})
    assert place.filter == {"any_of": [{"search": "a"}, {}], "search": None}


@pytest.mark.parametrize(
    ("given", "key"), [({}, None), ({"idempotencyKey": None}, None), ({"idempotencyKey": "k"}, "k")]
)
def test_the_idempotency_key_is_no_part_of_the_input(given: dict[str, Any], key: str | None) -> None:
    assert converted(**given) == converted()
    converted(**given)
    assert REQUESTS[0].idempotency_key == key


def test_a_request_names_its_operation_and_its_permission() -> None:
    converted()
    assert (REQUESTS[0].operation, REQUESTS[0].permission, REQUESTS[0].needs_terms) == ("make_place", None, True)
    given = {"name": "Here", "lines": []}
    assert run("guarded", given, Permission.EDIT_TAGS).errors is None
    assert (REQUESTS[0].permission, REQUESTS[0].needs_terms) == (Permission.EDIT_TAGS, False)


def test_a_mutation_without_the_permission_does_not_run() -> None:
    result = run("guarded", {"name": "Here", "lines": []}, Permission.MANAGE_TRIALS)
    assert [type(error.original_error) for error in result.errors or ()] == [Forbidden]
    assert result.data == {"guarded": None} and REQUESTS == []


class OtherLine(Struct, frozen=True, kw_only=True):
    count: int


class OtherPlace(Place, frozen=True, kw_only=True):
    lines: tuple[OtherLine, ...]  # type: ignore[assignment]


def make_other_place(_context: Any, _request: MutationRequest[OtherPlace]) -> None: ...


def test_rejects_a_declaration_whose_fields_differ() -> None:
    check_input_type(LineInput, Line)
    with pytest.raises(TypeError, match="LineInput and OtherLine differ in note"):
        check_input_type(LineInput, OtherLine)
    with pytest.raises(TypeError, match="LineInput and OtherLine differ in note"):
        mutation(make_other_place, PlacePayload, PlaceInput, OtherPlace)


def test_a_python_input_is_converted_without_a_schema() -> None:
    assert build_input(LineInput(count=4), Line) == Line(count=4)
    assert build_input(LineInput(count=4, note=None), Line) == Line(count=4, note=None)


def _input_types() -> dict[str, Any]:
    """The Strawberry input of each mutation of the API, by the name of the mutation."""
    definition: Any = build_schema()
    root = definition.get_type_by_name("Mutation")
    return {member.name: member.arguments[0].type for member in root.fields}


def test_every_nullable_field_of_an_input_can_be_absent() -> None:
    for name, input_type in _input_types().items():
        for member in input_type.__strawberry_definition__.fields:
            is_optional = type(member.type).__name__ == "StrawberryOptional"
            assert not is_optional or member.default is strawberry.UNSET, (name, member.python_name)


def test_each_payload_ends_with_its_user_errors() -> None:
    definition: Any = build_schema()
    root = definition.get_type_by_name("Mutation")
    assert len(root.fields) == 41
    for member in root.fields:
        payload = member.type.of_type.__strawberry_definition__
        assert [inner.python_name for inner in payload.fields][-1] == "user_errors"


def samples(kind: Any, depth: int = 0) -> list[Any]:
    """Return values of a GraphQL input type as a client sends them: with all fields, with few, and null."""
    if is_non_null_type(kind):
        return [each for each in samples(kind.of_type, depth) if each is not None]
    if is_list_type(kind):
        return [samples(kind.of_type, depth), [], None]
    if is_enum_type(kind):
        return [*list(kind.values)[:2], None]
    if not is_input_object_type(kind):
        texts = {"Int": 3, "Float": 2.5, "Boolean": True, "Date": "2026-11-29", "DateTime": "2026-11-29T10:00:00Z"}
        return [texts.get(kind.name, "a text"), None]
    shown = {name: each for name, each in kind.fields.items() if depth < 3 or is_required_input_field(each)}
    given = {name: samples(each.type, depth + 1)[0] for name, each in shown.items()}
    if kind.is_one_of:
        return [*({name: value} for name, value in given.items()), None]
    needed = {name: given[name] for name, each in kind.fields.items() if is_required_input_field(each)}
    return [given, needed, {**needed, **{name: None for name in given if name not in needed}}, None]


def test_arguments_of_the_compiled_executor_are_those_of_strawberry() -> None:
    schema, count = build_schema(), 0
    registry = schema.schema_converter.scalar_registry
    types = [each for each in schema._schema.type_map.values() if is_object_type(each)]
    for definition in (each for graphql_type in types for each in graphql_type.fields.values()):
        if not definition.args or field_execution(definition).compiled_arguments is None:
            continue
        declared = strawberry_field(definition).arguments
        convert = plain_converter(declared, schema)
        for name, argument in definition.args.items():
            for value in samples(argument.type):
                coerced = {name: coerce_input_value(value, argument.type)}
                if coerced[name] is Undefined:
                    continue
                strawberry_values = convert_arguments(coerced, declared, scalar_registry=registry, config=schema.config)
                assert repr(convert(coerced)) == repr(to_plain_arguments(strawberry_values)), (name, value)
                count += 1
    assert count > 250


def test_long_texts_are_refused_where_they_stand() -> None:
    schema = build_schema()
    declared = strawberry_field(schema._schema.type_map["Query"].fields["customers"]).arguments  # type: ignore[attr-defined]
    with pytest.raises(TextTooLong, match=r"filter\.search"):
        plain_converter(declared, schema)({"filter": {"search": "x" * 1_000_000}})


def test_new_shapes_of_nested_inputs_leave_nothing_behind() -> None:
    schema = build_schema()
    convert = plain_converter(
        strawberry_field(schema._schema.type_map["Query"].fields["customers"]).arguments,  # type: ignore[attr-defined]
        schema,
    )

    def nested(shape: str) -> dict[str, Any]:
        value: dict[str, Any] = {"search": "x"}
        for step in shape:
            value = {"not": value} if step == "n" else {"anyOf": [value], "allOf": [value]}
        return value

    def kept_objects(length: int) -> int:
        gc.collect()
        before = len(gc.get_objects())
        for shape in map("".join, product("na", repeat=length)):
            assert convert({"filter": nested(shape)})["filter"] != {}
        gc.collect()
        return len(gc.get_objects()) - before

    # Threads of other tests make objects too, up to a hundred; what a shape leaves behind, it leaves in every round.
    assert min(map(kept_objects, (8, 9, 10))) < 2**8
