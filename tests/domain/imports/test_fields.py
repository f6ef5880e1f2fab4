"""The parsers of record fields, each with its boundaries."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.failures import InvalidRecord
from domain.imports import fields
from domain.imports.call_fields import MAX_DURATION_SECONDS, instant_in_utc, milliseconds, percent, seconds_from_text
from domain.imports.license_fields import licenses
from domain.imports.money_fields import amount, currency
from domain.imports.resource_fields import products, web_address
from domain.types import ManagedBy

Parser = Callable[[str, object], Any]
three_letters = fields.text(3)
one_to_ten = fields.integer(1, 10)
managed_by = fields.one_of(ManagedBy)
# A space of no width, a filler, a soft hyphen, a blank Braille pattern, a variation selector, a tag.
INVISIBLE = ("\u200b", "\u3164", "\u00ad \u200d", "\u2800", "\ufe0f", "\U000e0041")


@pytest.mark.parametrize(
    ("parse", "value", "expected"),
    [
        (three_letters, " abc ", "abc"),
        (three_letters, "a", "a"),
        (three_letters, "\u2003e\u0301ab\u3000", "\u00e9ab"),
        (three_letters, "\u200bab", "\u200bab"),
        (three_letters, "\U0001f600ab", "\U0001f600ab"),
        (fields.domain_name, "Example.COM", "example.com"),
        (fields.country, " de ", "DE"),
        (fields.email, "Ada@Partner.example", "Ada@Partner.example"),
        (fields.email, "zoe\u0308@b.example", "zo\u00eb@b.example"),
        (fields.boolean, False, False),
        (one_to_ten, 1, 1),
        (one_to_ten, 10, 10),
        (managed_by, "PARTNER_ORGANIZATION", "PARTNER_ORGANIZATION"),
        (fields.instant, "2026-11-01T01:00:00+01:00", datetime(2026, 11, 1)),
        (fields.instant, "2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59)),
        (instant_in_utc, "2016-12-31 23:59:60", datetime(2016, 12, 31, 23, 59, 59)),
        (fields.day, "2026-11-01", datetime(2026, 11, 1)),
        (fields.texts, [" b", "a"], ["b", "a"]),
        (fields.texts, [], []),
        (seconds_from_text, "0", 0),
        (seconds_from_text, str(MAX_DURATION_SECONDS), MAX_DURATION_SECONDS),
        (percent, 100, 100.0),
        (percent, -0.0, 0.0),
        (milliseconds, 1_000_000, 1_000_000.0),
        (amount, "1250.00", "1250.00"),
        (amount, 3, "3"),
        (amount, Decimal("1.5"), "1.5"),
        (currency, " eur ", "EUR"),
        (products, ["CALLING", "MEETINGS"], ["CALLING", "MEETINGS"]),
        (web_address, " https://a.example/b?c#d ", "https://a.example/b?c#d"),
        (licenses, [{"product": "CALLING", "total": 3}], {"CALLING": {"total": 3}}),
        (
            licenses,
            [{"product": "CALLING", "total": 3, "assigned": None, "used": 0}],
            {"CALLING": {"total": 3, "assigned": 0, "used": 0}},
        ),
    ],
)
def test_accepts(parse: Parser, value: object, expected: object) -> None:
    parsed = parse("field", value)
    assert parsed == expected and type(parsed) is type(expected)


@pytest.mark.parametrize(
    ("parse", "value", "field", "reason"),
    [
        (three_letters, "abcd", "field", "must have 1 to 3 characters, and has 4"),
        (three_letters, "  ", "field", "must have 1 to 3 characters, and has 0"),
        (three_letters, 1, "field", "must be a text, not a number"),
        (three_letters, None, "field", "must be a text, not null"),
        (three_letters, "a\x00b", "field", "contains a control character"),
        (three_letters, "a\ud800", "field", "half of a surrogate pair"),
        (fields.country, "DEU", "field", "is 'DEU', which is no country code of ISO 3166-1, such as DE"),
        *((fields.country, code, "field", "no country code") for code in ("ZZ", "UK", "EU", "XK", "ßß", "ß")),
        (fields.email, "ada", "field", "is not an e-mail address"),
        (fields.email, "@b.example", "field", "is not an e-mail address"),
        (fields.email, "a@", "field", "is not an e-mail address"),
        (fields.email, "a@b@c", "field", "is not an e-mail address"),
        (fields.email, "a b@c", "field", "is not an e-mail address"),
        (fields.email, "a\u200b@c", "field", "is not an e-mail address"),
        (fields.boolean, 1, "field", "must be true or false, not a number"),
        (fields.boolean, "true", "field", "must be true or false, not a text"),
        (one_to_ten, 0, "field", "must be from 1 to 10, and is 0"),
        (one_to_ten, 11, "field", "must be from 1 to 10, and is 11"),
        (one_to_ten, 1.0, "field", "must be a whole number from 1 to 10, and is 1.0"),
        (one_to_ten, True, "field", "must be a whole number, not a boolean"),
        (managed_by, "partner_organization", "field", "which is none of"),
        (managed_by, [], "field", "must be a text, not a list"),
        (fields.instant, 1, "field", "must be a date-time in a text"),
        (fields.instant, "2026-11-01T00:00:00", "field", ""),
        (fields.instant, "2026-11-01T00:00:00+00:60", "field", "is not an RFC 3339 date-time"),
        (fields.day, "2026-02-30", "field", ""),
        (fields.day, {}, "field", "must be a date in a text, not an object"),
        (fields.texts, "a", "field", "must be a list, not a text"),
        (fields.texts, ["a", "a "], "field", "names 'a' twice"),
        (fields.texts, ["a", 1], "field[1]", "must be a text, not a number"),
        (seconds_from_text, "1.5", "field", "must be whole seconds"),
        (seconds_from_text, "-1", "field", "must be whole seconds"),
        (seconds_from_text, "\u0661", "field", "must be whole seconds"),
        (seconds_from_text, str(MAX_DURATION_SECONDS + 1), "field", "must be whole seconds"),
        (percent, 100.1, "field", "must be from 0 to 100 percent, and is 100.1"),
        (percent, float("nan"), "field", "must be from 0 to 100 percent"),
        (percent, 10**400, "field", "must be from 0 to 100 percent"),
        (percent, True, "field", "must be a number, not a boolean"),
        (amount, "12,5", "field", "which is no amount"),
        (amount, 1.5, "field", "must be an amount"),
        (amount, "1.23456789", "field", "decimals"),
        (amount, Decimal("inf"), "field", "must lie between"),
        (currency, "EURO", "field", "is 'EURO', which is no currency code of ISO 4217, such as EUR"),
        (currency, "XXQ", "field", "no currency code"),
        *((fields.text(9), text, "field", "has no visible character") for text in INVISIBLE),
        (fields.texts, ["a", "\u200b"], "field[1]", "has no visible character"),
        (fields.domain_name, "\ufeff", "field", "has no visible character"),
        (web_address, "\u2060", "field", "has no visible character"),
        (products, ["CALLING", "CALLING"], "field", "names 'CALLING' twice"),
        (products, [7], "field[0]", "must be a text"),
        (products, ["CALLING"] * 101, "field", "has 101 entries; at most 100 fit"),
        (fields.texts, ["a", "b", "b", "a"], "field", "names 'b' twice"),
        (fields.texts, ["a"] * 30_001, "field", "has 30001 entries; at most 30,000 fit"),
        (fields.text(9), "e" + "\u0301" * 31, "field", "has more than 30 combining marks in a row"),
        (fields.text(9), " " * 2_000 + "a", "field", "must have 1 to 9 characters, and has 2001"),
        (web_address, "ftp://a.example", "field", "begins with http"),
        (web_address, "https://", "field", "begins with http"),
        (web_address, "https://a.example/b c", "field", "begins with http"),
        (web_address, "http://[a", "field", "begins with http"),
        (licenses, {}, "field", "must be a list"),
        (licenses, [1], "field[0]", "must be an object"),
        (licenses, [{"product": "CALLING"}], "field[0].total", "is missing"),
        (licenses, [{"product": "CALLING", "total": 1}] * 2, "field[1].product", "stands in the list twice"),
        (
            licenses,
            [{"product": "CALLING", "total": 3, "assigned": 1, "used": 2}],
            "field[0].used",
            "is 2, more than the 1 assigned",
        ),
    ],
)
def test_rejects_with_field_and_reason(parse: Parser, value: object, field: str, reason: str) -> None:
    with pytest.raises(InvalidRecord) as error:
        parse("field", value)
    assert error.value.field == field and reason in error.value.reason
