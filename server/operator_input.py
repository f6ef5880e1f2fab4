"""What operators write in variables and files, read into frozen structs that name every mistake at once."""

import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

from msgspec import Struct, ValidationError, convert, structs

# Checks of fields beyond their types; each raises ValueError with the rest of a sentence that begins with the field.
Checks = Mapping[str, Callable[[Any], object]]
_NO_CHECKS: Final[Checks] = {}
_NUMBERS: Final = (int, float, bool)
# What msgspec calls types.
_WORDS: Final = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true, false, 1 or 0",
    "str": "a text",
    "array": "a list",
    "object": "an object",
    "str | null": "a text",
    "array | null": "a list",
    "str | array": "a text or a list of texts",
    "str | array | null": "a text or a list of texts",
}


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
    """A field, and what is wrong with its value, as the rest of a sentence."""

    field: str
    description: str


def must_match(pattern: str, description: str) -> Callable[[str], None]:
    """Return a check of a whole text; `description` follows `must be`."""
    compiled = re.compile(pattern)

    def check(text: str) -> None:
        if compiled.fullmatch(text) is None:
            raise ValueError(f"must be {description}")

    return check


def read_fields(
    kind: type[Struct], values: Mapping[str, object], checks: Checks = _NO_CHECKS, *, are_texts: bool = False
) -> tuple[dict[str, Any], list[Mistake]]:
    """Return the fields of the struct that the values name, and the first mistake of each other one.

    With `are_texts`, values are the texts of variables, which also stand for numbers and booleans.
    """
    fields: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for field in structs.fields(kind):
        if field.name not in values:
            continue
        try:
            given = _readable_text(values[field.name], field.type) if are_texts else values[field.name]
            value = convert(given, field.type, strict=not are_texts, dec_hook=_make_from_text)
            if field.name in checks and value is not None:
                checks[field.name](value)
        except ValidationError as error:
            mistakes.append(Mistake(field.name, _describe(str(error), field.type)))
        except ValueError as error:
            mistakes.append(Mistake(field.name, str(error)))
        else:
            fields[field.name] = value
    return fields, mistakes


def _readable_text(text: Any, kind: object) -> str:
    """Return the text of a variable; files of variables often leave blanks or a carriage return behind a number."""
    try:
        text.encode()
    except UnicodeEncodeError:
        # Python reads other bytes as lone surrogates, with which no response could be encoded.
        raise ValueError("must be text in UTF-8") from None
    return str(text.strip() if next(iter(get_args(kind)), kind) in _NUMBERS else text)


def _make_from_text(kind: Callable[[str], object], value: object) -> object:
    if not isinstance(value, str):
        raise TypeError("Expected `str`")
    return kind(value)


def _describe(message: str, kind: object) -> str:
    """Return msgspec's message in the words of operators."""
    choices = _find_choices(kind)
    if message.startswith("Invalid enum value") and choices:
        return f"must be one of {', '.join(choices)}"
    message = message.partition(", got ")[0].replace("Expected ", "must be ")
    return reduce(lambda text, name: text.replace(f"`{name}`", _WORDS[name]), _WORDS, message)


def _find_choices(kind: object) -> list[str]:
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    return [choice for part in get_args(kind) for choice in _find_choices(part)]
