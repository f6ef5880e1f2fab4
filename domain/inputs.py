"""The parts that every mutation input shares: the value of an omitted field and the canonical form of an input.

A mutation input is a frozen struct that stands beside the rules of its feature, for example
`domain.entitlements.trials.StartTrial`. A nullable field has the type `Omittable[...]`: its value, None for an
explicit null, or ABSENT where the client omitted the field.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Final, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import asdict

Value = TypeVar("Value")


class Absent(Enum):
    """The type of ABSENT. An enum of one member lets mypy narrow `value is ABSENT`."""

    ABSENT = "ABSENT"


ABSENT: Final = Absent.ABSENT
Omittable: TypeAlias = Value | Absent | None


def value_or_none(value: Omittable[Value]) -> Value | None:
    """Return the value; None where it is null or absent, for fields in which both mean the same."""
    return None if isinstance(value, Absent) else value


def to_canonical(value: Any) -> Any:
    """Return the input as JSON data: equal inputs give equal data in every process.

    An absent field is left out and null stays null, so both are told apart. Raise TypeError for a value of a
    type that has no canonical form.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Sequence):
        return [to_canonical(item) for item in value]
    return {name: to_canonical(member) for name, member in _members(value).items() if member is not ABSENT}


def _members(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, Struct):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no canonical form.")
