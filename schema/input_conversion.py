"""The conversion of Strawberry inputs: of mutations into dataclasses of domain/, of filters into mappings."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import strawberry

from domain.failures import TextTooLong
from domain.inputs import ABSENT, Absent
from domain.text.api_names import api_steps
from domain.text.limits import MAX_RAW_LENGTH, find_long_texts

Input = TypeVar("Input")
_TYPES_WITH_TEXT = {str, list, dict}
_IDEMPOTENCY_KEY = "idempotency_key"


def build_input(value: Any, target: type[Input]) -> Input:
    """Return the Strawberry input as the domain dataclass `target`.

    An omitted field becomes ABSENT and null stays None. Nested inputs become the dataclasses of the target's
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
    if is_dataclass(target):
        dataclass_type: Any = target
        return dataclass_type(**_convert_members(value, target))
    return target(value) if isinstance(target, type) and issubclass(target, Enum) else value


@cache
def _member_types(target: Any) -> Mapping[str, Any]:
    """Return the type of each field of the dataclass, without None and ABSENT."""
    hints = get_type_hints(target)
    return {member.name: _without_null(hints[member.name]) for member in fields(target)}


def _without_null(hint: Any) -> Any:
    if type(None) not in get_args(hint):
        return hint
    (value_type,) = (member for member in get_args(hint) if member not in (type(None), Absent))
    return value_type


def check_input_type(input_type: Any, target: type) -> None:
    """Raise TypeError where the fields of the Strawberry input and of the dataclass differ, also in nested inputs."""
    declared = {field.python_name: field.type for field in input_type.__strawberry_definition__.fields}
    declared.pop(_IDEMPOTENCY_KEY, None)
    member_types = _member_types(target)
    if declared.keys() != member_types.keys():
        differing = sorted(declared.keys() ^ member_types.keys())
        raise TypeError(f"{input_type.__name__} and {target.__name__} differ in {', '.join(differing)}.")
    for name, member_type in member_types.items():
        item_type = get_args(member_type)[0] if get_origin(member_type) is tuple else member_type
        if is_dataclass(item_type):
            check_input_type(_innermost_type(declared[name]), item_type)  # type: ignore[arg-type]


def _innermost_type(declared: Any) -> Any:
    """Return the type within lists and optionals."""
    while hasattr(declared, "of_type"):
        declared = declared.of_type
    return declared


def to_plain_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a query or feed as plain values; raise TextTooLong where a text in them is too long."""
    plain = {name: to_plain(value) for name, value in arguments.items()}
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
