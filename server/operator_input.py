"""What operators write in variables and files, read into frozen structs that name every mistake at once."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

from msgspec import Struct, ValidationError, convert, structs

# Checks of fields beyond their types; each raises ValueError with the rest of a sentence that begins with the field.
Checks = Mapping[str, Callable[[Any], object]]
_NO_CHECKS: Final[Checks] = {}


class Secret:
    """A text that is not shown where an object that contains it is printed or logged."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"


class Mistake(NamedTuple):
    """A field, and what is wrong with its value; the value is told only where it is not one of a few words."""

    field: str
    description: str


def read_fields(
    kind: type[Struct], values: Mapping[str, object], checks: Checks = _NO_CHECKS, *, are_texts: bool = False
) -> tuple[dict[str, Any], list[Mistake]]:
    """Return the fields of the struct that the values name, and every mistake.

    With `are_texts`, values are the texts of variables, which also stand for numbers and booleans.
    """
    read: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for field in structs.fields(kind):
        if field.name not in values:
            continue
        try:
            value = convert(values[field.name], field.type, strict=not are_texts, dec_hook=_make_from_text)
            if field.name in checks and value is not None:
                checks[field.name](value)
        except ValueError as error:
            mistakes.append(Mistake(field.name, _describe(error, field.type)))
        else:
            read[field.name] = value
    return read, mistakes


def _make_from_text(kind: Callable[[str], object], value: object) -> object:
    if not isinstance(value, str):
        raise TypeError("Expected `str`")
    return kind(value)


def _describe(error: ValueError, kind: object) -> str:
    # All variables are texts, so that this one is a text says nothing.
    text = str(error).removesuffix(", got `str`")
    choices = _find_choices(kind)
    if isinstance(error, ValidationError) and text.startswith("Invalid enum value") and choices:
        return f"{text}: it is one of {', '.join(choices)}"
    return text


def _find_choices(kind: object) -> list[str]:
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    return [choice for part in get_args(kind) for choice in _find_choices(part)]
