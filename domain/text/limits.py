"""Limits on raw text, checked before it is cleaned and normalized.

Unicode normalization sorts the combining marks behind a character: its time grows with the square of their number.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from unicodedata import combining

from msgspec import Struct
from msgspec.structs import asdict

# NFC composes one character of at most four.
_MAX_CHARACTERS_PER_COMPOSED = 4
# White space and format characters, which cleaning drops.
_MAX_DROPPED_CHARACTERS = 1_000
# No field of the API accepts a longer text: the longest is a helpdesk message of 5,000 characters.
MAX_RAW_LENGTH = 21_000
# The limit of the stream-safe text format (UAX #15). No writing system needs more.
MAX_MARKS = 30
# Characters that count as base characters and decompose into combining marks.
_HIDDEN_MARKS = "\u0f73\u0f75\u0f81\uff9e\uff9f"


class TooManyMarks(Exception):
    """A text with more than MAX_MARKS combining marks in a row."""


def raw_limit(longest: int) -> int:
    """Return the length beyond which no raw text has at most `longest` characters once it is clean."""
    return _MAX_CHARACTERS_PER_COMPOSED * longest + _MAX_DROPPED_CHARACTERS


def check_marks(text: str) -> None:
    """Raise TooManyMarks where the text has more than MAX_MARKS combining marks in a row."""
    if len(text) <= MAX_MARKS or text.isascii():
        return
    marks = 0
    for character in text:
        marks = marks + 1 if combining(character) or character in _HIDDEN_MARKS else 0
        if marks > MAX_MARKS:
            raise TooManyMarks


def find_long_texts(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Yield path and length of each text in an input that is longer than MAX_RAW_LENGTH.

    An input is a struct, a mapping, a list or a single value.
    """
    if isinstance(value, str):
        if len(value) > MAX_RAW_LENGTH:
            yield path, len(value)
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from find_long_texts(member, (*path, name))
    elif isinstance(value, Sequence):
        for position, item in enumerate(value):
            yield from find_long_texts(item, (*path, position))
    elif isinstance(value, Struct):
        yield from find_long_texts(asdict(value), path)
