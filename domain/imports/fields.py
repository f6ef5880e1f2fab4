"""The parsers behind the fields of a delivered line: each takes a name and a value, and answers the fact or refuses."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime, time
from enum import StrEnum
from functools import lru_cache
from typing import Any

from domain.entitlements.license_lines import MAX_LICENSES
from domain.failures import InvalidRecord
from domain.time.instants import parse_date, parse_instant

FieldParser = Callable[[str, object], Any]
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)
_JSON_NAMES = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}


def wrong_type_error(name: str | None, wanted: str, value: object) -> InvalidRecord:
    """The refusal of a value that is of another JSON type than the field."""
    return InvalidRecord(name, f"must be {wanted}, not {_JSON_NAMES.get(type(value), 'null')}")


def text(longest: int) -> FieldParser:
    """Text of 1 to so many characters; white space around it is dropped."""

    def parse(name: str, value: object) -> str:
        if type(value) is not str:
            raise wrong_type_error(name, "a text", value)
        trimmed = value.strip()
        if not 0 < len(trimmed) <= longest:
            raise InvalidRecord(name, f"must have 1 to {longest} characters, and has {len(trimmed)}")
        if not trimmed.isprintable() and _CONTROL.search(trimmed):
            raise InvalidRecord(name, "contains a control character or half of a surrogate pair")
        return trimmed

    return parse


_short = text(100)
_host = text(253)


def domain_name(name: str, value: object) -> str:
    """A domain name, lower-cased."""
    return str(_host(name, value)).lower()


def country(name: str, value: object) -> str:
    """Two letters (ISO 3166-1 alpha-2), upper-cased."""
    if type(value) is not str:
        raise wrong_type_error(name, "a text", value)
    if _COUNTRY.fullmatch(value.strip()) is None:
        raise InvalidRecord(name, "must be a country of two letters, such as DE")
    return value.strip().upper()


def email(name: str, value: object) -> str:
    """An address with one @ and something on both sides of it."""
    address = str(_short(name, value))
    local, _, host = address.partition("@")
    if not local or not host or "@" in host or " " in address:
        raise InvalidRecord(name, "is not an e-mail address")
    return address


def boolean(name: str, value: object) -> bool:
    """true or false, and nothing that only looks like it."""
    if type(value) is not bool:
        raise wrong_type_error(name, "true or false", value)
    return value


def integer(least: int, most: int) -> FieldParser:
    """A whole number within bounds, both included; 1.0 and true are none."""

    def parse(name: str, value: object) -> int:
        # A float is of the right JSON type and still no whole number: the sentence says which.
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
    """One of the names of an enumeration, as plain text."""
    names = {member.name: member.name for member in kind}

    def parse(name: str, value: object) -> str:
        if type(value) is not str:
            raise wrong_type_error(name, "a text", value)
        found = names.get(value)
        if found is None:
            raise InvalidRecord(name, f"is {value[:60]!r}, which is none of {', '.join(names)}")
        return found

    return parse


def instant(name: str, value: object) -> datetime:
    """A date-time with a zone, as naive UTC."""
    if type(value) is not str:
        raise wrong_type_error(name, "a date-time in a text", value)
    try:
        return parse_instant(value)
    except ValueError as wrong:
        raise InvalidRecord(name, str(wrong)) from None


def day(name: str, value: object) -> datetime:
    """A date, as its naive midnight."""
    if type(value) is not str:
        raise wrong_type_error(name, "a date in a text", value)
    try:
        return _midnight(value)
    except ValueError as wrong:
        raise InvalidRecord(name, str(wrong)) from None


# A delivery of daily figures names the same few days in every line.
@lru_cache(maxsize=512)
def _midnight(text: str) -> datetime:
    return datetime.combine(parse_date(text), time.min)


def texts(name: str, value: object) -> list[str]:
    """A list of distinct short texts, in the order given."""
    if type(value) is not list:
        raise wrong_type_error(name, "a list", value)
    found = [_short(f"{name}[{place}]", item) for place, item in enumerate(value)]
    if len(set(found)) < len(found):
        twice = next(item for item in found if found.count(item) > 1)
        raise InvalidRecord(name, f"names {twice!r} twice")
    return found
