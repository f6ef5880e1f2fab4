"""How the leaves of the schema with every feature are serialized, and good and wrong values for them."""

from collections.abc import Callable
from enum import Enum
from math import nan
from random import Random
from typing import Any

from graphql import GraphQLEnumType, GraphQLScalarType, GraphQLSchema
from graphql.pyutils import Undefined

from execution.metadata import each_item


class Color(Enum):
    """The Python values of the enumeration Color."""

    RED = 1
    GREEN = 2
    BLUE = 3


class Moment(int):
    """The Python value of the scalar Moment, which is serialized as `m1`."""


def _write_moment(value: Any) -> Any:
    if not isinstance(value, Moment):
        raise TypeError(f"No moment: {type(value).__name__}.")
    # The scalar has no form for 13 and 14, as a faulty one.
    return {13: None, 14: Undefined}.get(value, f"m{int(value)}")


def _read_moment(value: Any) -> Any:
    if not (isinstance(value, str) and value[:1] == "m" and value[1:].isdigit()):
        raise ValueError("A moment is m and a number.")
    return Moment(value[1:])


def add_leaf_forms(schema: GraphQLSchema) -> None:
    """Give the scalars and the enumeration of the schema their values in Python."""
    moment, color = schema.type_map["Moment"], schema.type_map["Color"]
    assert isinstance(moment, GraphQLScalarType) and isinstance(color, GraphQLEnumType)
    moment.coerce_output_value, moment.coerce_input_value = _write_moment, _read_moment
    moment.coerce_input_literal = lambda node: _read_moment(getattr(node, "value", None))
    for name, value in color.values.items():
        value.value = Color[name]


def good_leaf(name: str, random: Random) -> Any:
    """Return a value that the leaf type accepts."""
    number = random.randrange(100)
    if name == "Int":
        return random.choice((number, -number, 0, True, 7.0, 2**31 - 1))
    if name == "Float":
        return random.choice((number, number / 7, -0.0, 1e300, False))
    if name == "Boolean":
        return random.choice((True, False, 1, 0))
    if name == "Color":
        return random.choice(tuple(Color))
    if name == "Moment":
        return Moment(20 + number)
    if name == "Anything":
        return random.choice(({"b": [1, {"a": None}], "a": "ž"}, [1, [2]], "text", number, False, ""))
    return random.choice((f"t{number}", "", 'žuti 食品\u2028"\\', number, True if name == "String" else "7"))


def wrong_leaf(name: str, random: Random) -> Any:
    """Return a value that no leaf type accepts, except Anything; some accept it none the less."""
    wrong: tuple[Any, ...] = (
        "x",
        "",
        nan,
        1.5,
        2**40,
        [],
        {},
        [1],
        {"a": 1},
        object,
        Color.RED,
        Moment(13),
        Moment(14),
        b"x",
        "RED",
        (),
    )
    return random.choice(wrong)


def stored_leaf(name: str, random: Random) -> Any:
    """Return a value as it is stored: JSON, or the value from which stored_form makes JSON."""
    if name in ("Int", "Color", "Moment"):
        return random.randrange(1, 4)
    if name == "Float":
        return random.choice((0.5, 2.25))
    if name == "Boolean":
        return random.random() < 0.5
    if name == "Anything":
        return {"stored": [1, None]}
    return random.choice(("stored", "", "ž"))


def python_leaf(name: str, stored: Any) -> Any:
    """Return the value that a resolver returns for a stored one."""
    return {"Color": Color, "Moment": Moment}.get(name, lambda value: value)(stored)


def stored_form(name: str, graphql_type: str) -> Callable[[Any], Any] | None:
    """Return how a stored value is serialized; None where it is JSON."""
    form: dict[str, Callable[[Any], Any]] = {
        "Color": lambda value: Color(value).name,
        "Moment": lambda value: f"m{value}",
    }
    if name not in form or not graphql_type.startswith("["):
        return form.get(name)
    return each_item(lambda value: None if value is None else form[name](value))
