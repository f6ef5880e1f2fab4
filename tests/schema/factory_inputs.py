"""Random arguments of any field, valid and invalid, as literals and as variables."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    is_required_argument,
    is_required_input_field,
)

from tests import random_values as rv

# Filters nest without end; two levels contain every combination of conditions.
MAX_NESTING = 2
TEXTS = ("", " ", "a", "Müller 食品", "a\0b", "\ud800", "\u202e\u200b", "$where", "x" * 5_000, '"""', "\\", "x")
IDS = ("", "x", "cus_" + "0" * 24, "tag_\0", "\ud800", "x" * 5_000)
INTEGERS = (0, 1, -1, 5, 25, 200, 201, 2**31 - 1, -(2**31), 2**31, 2**63, 10**400)
INSTANTS = (
    "2027-01-01T00:00:00Z",
    "2027-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "x",
    "",
)
DATES = ("2026-11-23", "2026-02-30", "0001-01-01", "9999-12-31", "x", "")
WRONG: tuple[Any, ...] = (None, True, 0, 1.5, 10**400, -1e308, "x", "\ud800", [], [[]], [None], {}, {"x": 1})
SCALARS: Mapping[str, tuple[Any, ...]] = {
    "String": TEXTS,
    "ID": IDS,
    "Int": INTEGERS,
    "Boolean": (True, False),
    "Float": (0.0, -1.5, 1e308, 10**400),
    "DateTime": INSTANTS,
    "Date": DATES,
    "Decimal": ("1.50", "NaN", "1e999999", "x"),
    "JSON": WRONG,
}


class EnumName(str):
    """The name of an enum value, which a literal writes without quotes."""


def arguments_of(field: GraphQLField, ids: tuple[str, ...]) -> rv.Values[dict[str, Any]]:
    """Return values of a field's arguments; `ids` are those of objects that exist."""
    required = {name: _value(arg.type, ids) for name, arg in field.args.items() if is_required_argument(arg)}
    optional = {name: _value(arg.type, ids) for name, arg in field.args.items() if not is_required_argument(arg)}
    return rv.fixed_dictionaries(required, optional=optional)


def literal(value: Any) -> str:
    """Return the value as GraphQL writes it in a document."""
    if isinstance(value, EnumName):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


def is_readable(value: Any) -> bool:
    """Whether orjson reads the value: half a character and a number beyond all doubles are errors."""
    try:
        orjson.loads(json.dumps(value))
    except orjson.JSONDecodeError:
        return False
    return True


def _value(input_type: Any, ids: tuple[str, ...], nesting: int = 0) -> rv.Values[Any]:
    """Return values: of the type in most cases, otherwise of any other."""
    if isinstance(input_type, GraphQLNonNull):
        return _value(input_type.of_type, ids, nesting)
    right, wrong = _right_value(input_type, ids, nesting), rv.sampled_from(WRONG)
    return rv.Values(lambda random: (right if random.randrange(16) else wrong).draw(random))


def _right_value(input_type: Any, ids: tuple[str, ...], nesting: int) -> rv.Values[Any]:
    if isinstance(input_type, GraphQLList):
        return rv.lists(_value(input_type.of_type, ids, nesting), max_size=3)
    if isinstance(input_type, GraphQLInputObjectType):
        return _object(input_type, ids, nesting)
    if isinstance(input_type, GraphQLEnumType):
        return rv.sampled_from([*map(EnumName, input_type.values), EnumName("NO_SUCH_VALUE")])
    if input_type.name == "ID":
        return rv.sampled_from((*ids, *ids, *IDS))
    return rv.sampled_from(SCALARS[input_type.name])


def _object(input_type: GraphQLInputObjectType, ids: tuple[str, ...], nesting: int) -> rv.Values[Any]:
    """Return objects; of a @oneOf input with none, one and several of its keys."""
    is_deepest = nesting >= MAX_NESTING
    fields = {
        name: field
        for name, field in input_type.fields.items()
        if not (is_deepest and input_type.name in str(field.type))
    }
    deeper = nesting + 1
    required = {n: _value(f.type, ids, deeper) for n, f in fields.items() if is_required_input_field(f)}
    optional = {n: _value(f.type, ids, deeper) for n, f in fields.items() if not is_required_input_field(f)}
    if not input_type.is_one_of:
        return _few(required, optional)
    single = [rv.fixed_dictionaries({name: value}) for name, value in optional.items()]
    return rv.one_of(*single, *single, rv.fixed_dictionaries({}, optional=optional))


def _few(required: Mapping[str, rv.Values[Any]], optional: Mapping[str, rv.Values[Any]]) -> rv.Values[Any]:
    """Return objects with the required fields and at most three others: with all, one wrong value hides the rest."""
    if not optional:
        return rv.fixed_dictionaries(dict(required))
    names = sorted(optional)

    def draw(random: Random) -> dict[str, Any]:
        chosen = random.sample(names, random.randint(0, min(3, len(names))))
        return rv.fixed_dictionaries({**required, **{name: optional[name] for name in chosen}}).draw(random)

    return rv.Values(draw)
