"""The countries and currencies that exist."""

import pytest

from domain.text.iso_codes import country_codes, currency_codes, parse_country_code, parse_currency_code


@pytest.mark.parametrize(("text", "code"), [("DE", "DE"), ("de", "DE"), (" gB\t", "GB"), ("SS", "SS"), ("AX", "AX")])
def test_a_country_that_exists_is_returned_in_upper_case(text: str, code: str) -> None:
    assert parse_country_code(text) == code


@pytest.mark.parametrize("text", ["ZZ", "UK", "EU", "XK", "QO", "AA", "SU", "YU", "AN"])
def test_codes_that_are_reserved_withdrawn_or_free_for_users_are_no_countries(text: str) -> None:
    assert parse_country_code(text) is None


@pytest.mark.parametrize("text", ["", "D", "DEU", "D1", "D E", "ÄÖ", "\uff24\uff25", "ß", "\ufb01", "276"])
def test_rejects_what_is_no_country_code(text: str) -> None:
    assert parse_country_code(text) is None


@pytest.mark.parametrize(("text", "code"), [("EUR", "EUR"), (" rsd ", "RSD"), ("xcg", "XCG"), ("CLF", "CLF")])
def test_a_currency_that_exists_is_returned_in_upper_case(text: str, code: str) -> None:
    assert parse_currency_code(text) == code


@pytest.mark.parametrize("text", ["XXQ", "EURO", "", "DEM", "HRK", "978", "\uff25\uff35\uff32", "€"])
def test_rejects_what_is_no_currency_code(text: str) -> None:
    assert parse_currency_code(text) is None


def test_the_lists_are_complete() -> None:
    assert len(country_codes()) == 249
    assert 170 < len(currency_codes()) < 200
