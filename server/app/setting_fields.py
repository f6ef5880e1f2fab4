"""Settings as fields of a frozen dataclass: defaults, limits and descriptions; their values from the environment.

A library for this, pydantic, takes 9 MB and 5 % of the time until a server is ready.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import Field as DataclassField
from dataclasses import dataclass, field, fields
from types import UnionType
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

from domain.failures import OperatorError

PREFIX: Final = "PARTNERHUB_"
_RULES: Final = "rules"
_TRUE: Final = {"1", "true", "t", "yes", "y", "on"}
_FALSE: Final = {"0", "false", "f", "no", "n", "off"}
Settings = TypeVar("Settings")


@dataclass(frozen=True, slots=True, repr=False)
class SecretStr:
    """A text that is not shown where the settings are printed."""

    _value: str

    def get_secret_value(self) -> str:
        """Return the text."""
        return self._value

    def __str__(self) -> str:
        return "**********" if self._value else ""

    __repr__ = __str__


@dataclass(frozen=True, slots=True)
class FieldRules:
    """What a value must be, and the description for the README; `variable` is a name other than that of the field."""

    description: str
    variable: str = ""
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    pattern: str = ""
    min_length: int = 0
    check: Callable[[str], object] | None = None


def Field(*, default: Any, description: str, **rules: Any) -> Any:  # noqa: N802 (as in other libraries)
    """Declare a setting; `rules` are those of FieldRules."""
    return field(default=default, metadata={_RULES: FieldRules(description, **rules)})


def rules_of(declared: "DataclassField[Any]") -> FieldRules:
    """Return the rules of a setting."""
    rules: FieldRules = declared.metadata[_RULES]
    return rules


def variable_of(declared: "DataclassField[Any]") -> str:
    """Return the variable of the environment that sets it."""
    return rules_of(declared).variable or f"{PREFIX}{declared.name.upper()}"


def read_fields(settings: type[Settings], environment: Mapping[str, str]) -> Settings:
    """Return the settings of an environment; raise OperatorError, which names each variable with a wrong value."""
    types, values, problems = get_type_hints(settings), {}, []
    for declared in fields(settings):  # type: ignore[arg-type]
        variable = variable_of(declared)
        if variable not in environment:
            continue
        try:
            values[declared.name] = _parse(types[declared.name], environment[variable], rules_of(declared))
        except ValueError as problem:
            problems.append(f"{variable}: {problem}")
    if problems:
        raise OperatorError("; ".join(problems))
    return settings(**values)


def _parse(kind: Any, text: str, rules: FieldRules) -> Any:
    """Return the value of a text; raise ValueError, whose message does not contain it, for a wrong one."""
    if get_origin(kind) is Literal:
        return _parse_choice(text, get_args(kind))
    if kind is bool:
        return _parse_bool(text)
    if kind in (int, float):
        return _parse_number(kind, text, rules)
    _check_text(text, rules)
    # An optional text is a text where it is set.
    return text if isinstance(kind, UnionType) else kind(text)


def _parse_choice(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise ValueError(f"must be one of {', '.join(choices)}")
    return text


def _parse_bool(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError("must be true or false")
    return text.lower() in _TRUE


def _parse_number(kind: type[int] | type[float], text: str, rules: FieldRules) -> float:
    try:
        number = kind(text)
    except ValueError:
        raise ValueError(f"must be a {'whole number' if kind is int else 'number'}") from None
    # Written so that NaN is refused.
    if rules.ge is not None and not number >= rules.ge:
        raise ValueError(f"must be at least {rules.ge:g}")
    if rules.gt is not None and not number > rules.gt:
        raise ValueError(f"must be more than {rules.gt:g}")
    if rules.le is not None and not number <= rules.le:
        raise ValueError(f"must be at most {rules.le:g}")
    return number


def _check_text(text: str, rules: FieldRules) -> None:
    if len(text) < rules.min_length:
        raise ValueError("must not be empty")
    if rules.pattern and not re.search(rules.pattern, text):
        raise ValueError(f"must match {rules.pattern}")
    if rules.check is not None:
        rules.check(text)
