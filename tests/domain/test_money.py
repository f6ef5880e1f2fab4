"""Amounts of money keep the digits that were delivered."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import MAX_AMOUNT, MAX_DECIMALS, Money, format_amount, read_money

AMOUNTS = st.decimals(-MAX_AMOUNT, MAX_AMOUNT, places=MAX_DECIMALS, allow_nan=False)


@pytest.mark.parametrize(
    ("amount", "text"),
    [("10.50", "10.50"), ("1E+3", "1000"), ("1E-4", "0.0001"), ("-0.00", "0.00"), ("0", "0"), ("-12.3", "-12.3")],
)
def test_an_amount_is_stored_as_plain_digits(amount: str, text: str) -> None:
    assert format_amount(Decimal(amount)) == text


@given(AMOUNTS)
def test_a_stored_amount_is_read_back_exactly(amount: Decimal) -> None:
    text = format_amount(amount)
    assert "E" not in text and text != "-0.0000"
    assert read_money({"amount": text, "currency": "EUR"}) == Money(amount, "EUR")


@pytest.mark.parametrize("document", [{}, {"amount": "1"}, {"currency": "EUR"}, {"amount": None, "currency": None}])
def test_a_document_without_amount_or_currency_has_no_money(document: dict[str, str]) -> None:
    assert read_money(document) is None
