"""Parsers of record fields: each takes a name and a JSON value, and returns what to store or raises InvalidRecord."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time
from enum import StrEnum
from functools import lru_cache
from typing import Any

from domain.entitlements.license_lines import MAX_LICENSES
from domain.failures import InvalidRecord
from domain.text.iso_codes import parse_country_code
from domain.text.limits import MAX_MARKS, TooManyMarks, raw_limit
from domain.text.normalization import compose, has_visible_character
from domain.time.instants import parse_date, parse_instant

FieldParser = Callable[[str, object], Any]
# The most customers of one administrator; reading this many texts takes 10 ms.
MAX_TEXTS = 30_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_JSON_NAMES = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}


def wrong_type_error(name: str | None, wanted: str, value: object) -> InvalidRecord:
    """Return the error for a value of another JSON type than the field has."""
    return InvalidRecord(name, f"must be {wanted}, not {_JSON_NAMES.get(type(value), 'null')}")


def text(longest: int) -> FieldParser:
    """Return a parser of text: NFC, without white space around it, 1 to `longest` characters, not all invisible."""
    longest_raw = raw_limit(longest)

    def parse(name: str, value: object) -> str:
        if type(value) is not str:
            raise wrong_type_error(name, "a text", value)
        if len(value) > longest_raw:
            raise InvalidRecord(name, f"must have 1 to {longest} characters, and has {len(value)}")
        try:
            trimmed = compose(value)
        except TooManyMarks:
            raise InvalidRecord(name, f"has more than {MAX_MARKS} combining marks in a row") from None
        if not 0 < len(trimmed) <= longest:
            raise InvalidRecord(name, f"must have 1 to {longest} characters, and has {len(trimmed)}")
        if not trimmed.isprintable() and _CONTROL.search(trimmed):
            raise InvalidRecord(name, "contains a control character or half of a surrogate pair")
        if not has_visible_character(trimmed):
            raise InvalidRecord(name, "has no visible character")
        return trimmed

    return parse


_short = text(100)
_host = text(253)


def domain_name(name: str, value: object) -> str:
    """Return a domain name in lower case."""
    return str(_host(name, value)).lower()


def country(name: str, value: object) -> str:
    """Return an ISO 3166-1 alpha-2 code in upper case."""
    if type(value) is not str:
        raise wrong_type_error(name, "a text", value)
    code = parse_country_code(value)
    if code is None:
        raise InvalidRecord(name, f"is {value[:60]!r}, which is no country code of ISO 3166-1, such as DE")
    return code


def email(name: str, value: object) -> str:
    """Return an address with one @ and text on both sides of it."""
    address = str(_short(name, value))
    local, _, host = address.partition("@")
    if not local or not host or "@" in host or " " in address or not address.isprintable():
        raise InvalidRecord(name, "is not an e-mail address")
    return address


def boolean(name: str, value: object) -> bool:
    """Return true or false; numbers and texts are rejected."""
    if type(value) is not bool:
        raise wrong_type_error(name, "true or false", value)
    return value


def integer(least: int, most: int) -> FieldParser:
    """Return a parser of whole numbers within bounds, both included; 1.0 and true are rejected."""

    def parse(name: str, value: object) -> int:
        # A float has the right JSON type, so the message says that it is not a whole number.
        if type(value) is float:
            raise InvalidRecord(name, f"must be a whole number from {least:,} to {most:,}, and is {value}")
        if type(value) is not int:
            raise wrong_type_error(name, "a whole number", value)
        if not least <= value <= most:
            raise InvalidRecord(name, f"must be from {least:,} to {most:,}, and is {value}")
        return value

    return parse


licenses_count = integer(0, MAX_LICENSES)


def one_of(kind: Iterable[StrEnum]) -> FieldParser:
    """Return a parser of the names of an enumeration; it returns plain text."""
    names = {member.name: member.name for member in kind}

    def parse(name: str, value: object) -> str:
        if type(value) is not str:
            raise wrong_type_error(name, "a text", value)
        member = names.get(value)
        if member is None:
            raise InvalidRecord(name, f"is {value[:60]!r}, which is none of {', '.join(names)}")
        return member

    return parse


def instant(name: str, value: object) -> datetime:
    """Return a date-time with a zone as naive UTC."""
    if type(value) is not str:
        raise wrong_type_error(name, "a date-time in a text", value)
    try:
        return parse_instant(value)
    except ValueError as wrong:
        raise InvalidRecord(name, str(wrong)) from None


def day(name: str, value: object) -> datetime:
    """Return a date as its naive midnight."""
    if type(value) is not str:
        raise wrong_type_error(name, "a date in a text", value)
    try:
        return _midnight(value)
    except ValueError as wrong:
        raise InvalidRecord(name, str(wrong)) from None


# The records of a delivery of daily figures have the same few days.
@lru_cache(maxsize=512)
def _midnight(text: str) -> datetime:
    return datetime.combine(parse_date(text), time.min)


def texts(name: str, value: object) -> list[str]:
    """Return a list of at most MAX_TEXTS distinct texts of at most 100 characters, in the given order."""
    if type(value) is not list:
        raise wrong_type_error(name, "a list", value)
    if len(value) > MAX_TEXTS:
        raise InvalidRecord(name, f"has {len(value)} entries; at most {MAX_TEXTS:,} fit")
    items = [item if _is_plain(item) else _short(f"{name}[{position}]", item) for position, item in enumerate(value)]
    check_distinct(name, items)
    return items


def _is_plain(item: object) -> bool:
    """Return whether `_short` would return the item as it is, in less time: nearly every id is plain."""
    return type(item) is str and 0 < len(item) <= 100 and item.isascii() and item.isprintable() and item == item.strip()


def check_distinct(name: str, items: Sequence[str]) -> None:
    """Raise InvalidRecord, which names the first repeated item, where the items are not distinct."""
    if len(set(items)) < len(items):
        seen: set[str] = set()
        repeated = next(item for item in items if item in seen or seen.add(item))  # type: ignore[func-returns-value]
        raise InvalidRecord(name, f"names {repeated!r} twice")
