"""Sentences for people as data: an English text with named arguments. `domain.languages` renders them in a language."""

from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

from msgspec import Struct, field


class Message(Struct, frozen=True):
    """One sentence, or a part of one.

    `text` is the English text and the key of every catalogue; `{name}` stands for an argument. Where the sentence
    depends on a number, `text` is its form for one, `plural` its form for all other numbers, and `{count}` the number.
    """

    text: str
    arguments: "Mapping[str, Argument]" = field(default_factory=dict)
    plural: str | None = None


# Texts are inserted as they are. Numbers, dates, nested messages and lists of them are rendered in the language.
Argument: TypeAlias = str | int | date | Message | tuple[Message, ...]


def translatable(text: str, /, **arguments: Argument) -> Message:
    """Return a message; `text` must be a literal, because the catalogues are checked against the source text."""
    return Message(text, arguments)


def translatable_plural(text: str, plural: str, count: int, /, **arguments: Argument) -> Message:
    """Return a message that depends on `count`; both texts must be literals."""
    return Message(text, {"count": count, **arguments}, plural)
