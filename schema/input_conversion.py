"""The conversion of Strawberry inputs: of mutations into structs of domain/, of filters into mappings."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import strawberry
from msgspec import Struct
from strawberry.types.arguments import StrawberryArgument, convert_argument
from strawberry.types.base import StrawberryList, StrawberryOptional, has_object_definition

from domain.failures import TextTooLong
from domain.inputs import ABSENT, Absent
from domain.text.api_names import api_steps
from domain.text.limits import MAX_RAW_LENGTH, find_long_texts

Input = TypeVar("Input")
_TYPES_WITH_TEXT = {str, list, dict}
_SCALARS = (str, int, float, bool, strawberry.ID)
_IDEMPOTENCY_KEY = "idempotency_key"


def build_input(value: Any, target: type[Input]) -> Input:
    """Return the Strawberry input as the domain struct `target`.

    An omitted field becomes ABSENT and null stays None. Nested inputs become the structs of the target's
    annotations, lists become tuples, and an input whose annotation is Mapping becomes a plain mapping.
    """
    return target(**_convert_members(value, target))


def _convert_members(value: Any, target: Any) -> dict[str, Any]:
    return {name: _convert(getattr(value, name), member) for name, member in _member_types(target).items()}


def _convert(value: Any, target: Any) -> Any:
    if value is strawberry.UNSET:
        return ABSENT
    if value is None:
        return None
    if get_origin(target) is tuple:
        return tuple(_convert(item, get_args(target)[0]) for item in value)
    if get_origin(target) is Mapping:
        return to_plain(value)
    if not isinstance(target, type):
        return value
    if issubclass(target, Struct):
        return build_input(value, target)
    return target(value) if issubclass(target, Enum) else value


@cache
def _member_types(target: Any) -> Mapping[str, Any]:
    """Return the type of each field of the struct, without None and ABSENT."""
    hints = get_type_hints(target)
    return {name: _without_null(hints[name]) for name in target.__struct_fields__}


def _without_null(hint: Any) -> Any:
    if type(None) not in get_args(hint):
        return hint
    (value_type,) = (member for member in get_args(hint) if member not in (type(None), Absent))
    return value_type


def check_input_type(input_type: Any, target: type) -> None:
    """Raise TypeError where the fields of the Strawberry input and of the struct differ, also in nested inputs."""
    declared = {field.python_name: field.type for field in input_type.__strawberry_definition__.fields}
    declared.pop(_IDEMPOTENCY_KEY, None)
    member_types = _member_types(target)
    if declared.keys() != member_types.keys():
        differing = sorted(declared.keys() ^ member_types.keys())
        raise TypeError(f"{input_type.__name__} and {target.__name__} differ in {', '.join(differing)}.")
    for name, member_type in member_types.items():
        item_type = get_args(member_type)[0] if get_origin(member_type) is tuple else member_type
        if isinstance(item_type, type) and issubclass(item_type, Struct):
            check_input_type(_innermost_type(declared[name]), item_type)


def _innermost_type(declared: Any) -> Any:
    """Return the type within lists and optionals."""
    while hasattr(declared, "of_type"):
        declared = declared.of_type
    return declared


def to_plain_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a query or feed as plain values; raise TextTooLong where a text in them is too long."""
    return _check_texts({name: to_plain(value) for name, value in arguments.items()})


def _check_texts(plain: dict[str, Any]) -> dict[str, Any]:
    for name, value in plain.items():
        # Most arguments are numbers, and a list of customers converts those of its fields for each customer.
        if type(value) in _TYPES_WITH_TEXT:
            for path, length in find_long_texts(value, (name,)):
                raise TextTooLong(".".join(api_steps(path)), MAX_RAW_LENGTH, length)
    return plain


def to_plain(value: Any) -> Any:
    """Return an input object as a mapping of its given fields; an omitted argument as None; anything else unchanged."""
    if value is strawberry.UNSET:
        return None
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        given = {member.name: getattr(value, member.name) for member in fields(value)}
        return {name: to_plain(member) for name, member in given.items() if member is not strawberry.UNSET}
    return value


def plain_converter(
    arguments: Iterable[StrawberryArgument], schema: strawberry.Schema
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return the function from the arguments of a field, as graphql-core coerces them, to plain values.

    It returns what `to_plain_arguments` does, without Strawberry's input objects in between: for arguments of a read,
    these take longer than the rest of a small field.
    """
    name_of = schema.config.name_converter.from_argument
    types: dict[type, _InputConverter] = {}
    converters = [(name_of(each), each.python_name, _converter(each.type, schema, types)) for each in arguments]

    def convert(coerced: Mapping[str, Any]) -> dict[str, Any]:
        return _check_texts({name: plain(coerced[key]) for key, name, plain in converters if key in coerced})

    return convert


def _converter(declared: Any, schema: strawberry.Schema, types: "dict[type, _InputConverter]") -> Callable[[Any], Any]:
    """Return the function from coerced values of a type to plain values; `types` has those of the input types."""
    if type(declared) is StrawberryOptional:
        return _converter(declared.of_type, schema, types)
    if isinstance(declared, StrawberryList):
        item = _converter(declared.of_type, schema, types)
        return lambda values: values if values is None else [item(value) for value in values]
    if declared in _SCALARS:
        return lambda value: value
    if has_object_definition(declared) and declared.__strawberry_definition__.from_input is None:
        # One for each type: with one for each place in nested filters, every new shape would take time and memory.
        if declared not in types:
            types[declared] = _InputConverter(declared, schema, types)
        return types[declared]
    registry, config = schema.schema_converter.scalar_registry, schema.config
    return lambda value: to_plain(convert_argument(value, declared, registry, config))


class _InputConverter:
    """Converts the input objects of one type; its fields are looked up at the first, because types can be recursive."""

    def __init__(self, declared: Any, schema: strawberry.Schema, types: "dict[type, _InputConverter]") -> None:
        self._declared, self._schema, self._types = declared, schema, types
        self._members: list[tuple[str, str, Callable[[Any], Any]]] = []
        self._absent: dict[str, Any] = {}

    def __call__(self, value: Any) -> Any:
        if value is None:
            return None
        if not self._members:
            self._look_up()
        absent = self._absent
        return {
            name: plain(value[key]) if key in value else absent[name]
            for key, name, plain in self._members
            if key in value or name in absent
        }

    def _look_up(self) -> None:
        definition = self._declared.__strawberry_definition__
        name_of = self._schema.config.name_converter.from_field
        types = [(field, field.resolve_type(type_definition=definition)) for field in definition.fields]
        defaults = {member.name: _default(member) for member in fields(self._declared)}
        self._absent = {name: to_plain(value) for name, value in defaults.items() if value is not strawberry.UNSET}
        self._members = [
            (name_of(field), field.python_name, _converter(type_, self._schema, self._types)) for field, type_ in types
        ]


def _default(member: Field[Any]) -> Any:
    """Return the value of a field that is not given: None where it has no default."""
    if member.default_factory is not MISSING:
        return member.default_factory()
    return None if member.default is MISSING else member.default
