"""Delivered orders and invoices: what is taken, and the field and reason of each refusal."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.failures import InvalidRecord
from domain.imports.money_fields import amount
from domain.imports.records import ImportKind, ImportRecord, parse_record
from domain.money import MAX_AMOUNT, Money, format_amount, read_money
from tests.domain.imports.factory_records import OMITTED, invoice_record, order_record

O, I = ImportKind.ORDERS, ImportKind.INVOICES  # noqa: E741 (they stand in a table)
MAKERS = {O: order_record, I: invoice_record}
SHAPE = "is {!r}, which is no currency code of ISO 4217, such as EUR"
RANGE = "must lie between -1,000,000,000,000 and 1,000,000,000,000, without its ends"


def read(of: ImportKind, **changes: Any) -> ImportRecord:
    return parse_record(of, MAKERS[of](**changes))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("1250.00", "1250.00"),
        ("-3.5", "-3.5"),
        ("+7", "7"),
        ("-0.00", "0.00"),
        (1250, "1250"),
        (-1, "-1"),
        (Decimal("0.10"), "0.10"),
        (Decimal("1E+3"), "1000"),
        ("999999999999.9999", "999999999999.9999"),
    ],
)
def test_amounts_are_kept_digit_by_digit(given: object, kept: str) -> None:
    assert read(I, amount=given).values["amount"] == kept


@given(st.decimals(-MAX_AMOUNT + 1, MAX_AMOUNT - 1, places=2))
def test_an_amount_comes_back_as_it_was_given(number: Decimal) -> None:
    kept = amount("amount", format_amount(number))
    assert read_money({"amount": kept, "currency": "EUR"}) == Money(number, "EUR")
    assert "E" not in kept


REFUSALS: list[tuple[ImportKind, dict[str, Any], str, str]] = [
    (O, {"kind": "GIFT"}, "kind", "is 'GIFT', which is none of NEW, ADD_LICENSES, REMOVE_LICENSES, RENEWAL"),
    (O, {"lines": {}}, "lines", "must be a list, not an object"),
    (O, {"lines": ["CALLING"]}, "lines[0]", "must be an object, not a text"),
    (O, {"lines": [{"product": "CALLING"}]}, "lines[0].quantity", "is missing"),
    (
        O,
        {"lines": [{"product": "CALLING", "quantity": 1_000_001}]},
        "lines[0].quantity",
        "must be from -1,000,000 to 1,000,000, and is 1000001",
    ),
    (O, {"lines": [{"product": "CALLING", "quantity": 1}] * 101}, "lines", "has 101 entries; at most 100 fit"),
    (O, {"subscription": OMITTED}, "subscription", "is missing"),
    (O, {"amount": "12,50", "currency": "EUR"}, "amount", "is '12,50', which is no amount such as 1250.00"),
    (I, {"amount": 12.5}, "amount", "must be an amount, such as 1250.00, in a text, not a number"),
    (I, {"amount": True}, "amount", "must be an amount, such as 1250.00, in a text, not a boolean"),
    (I, {"amount": None}, "amount", "must be an amount, such as 1250.00, in a text, not null"),
    (I, {"amount": "NaN"}, "amount", "is 'NaN', which is no amount such as 1250.00"),
    (I, {"amount": "١٢"}, "amount", "is '١٢', which is no amount such as 1250.00"),
    (I, {"amount": "1000000000000"}, "amount", RANGE),
    (I, {"amount": Decimal("1E+999999")}, "amount", RANGE),
    (I, {"amount": "0.00001"}, "amount", "has more than 4 decimals"),
    (I, {"currency": "XXQ"}, "currency", SHAPE.format("XXQ")),
    (I, {"currency": "E1R"}, "currency", SHAPE.format("E1R")),
    (I, {"currency": 978}, "currency", "must be a text, not a number"),
    (I, {"state": "LOST"}, "state", "is 'LOST', which is none of OPEN, PAID, OVERDUE, VOID"),
    (I, {"dueOn": "2026-11-31"}, "dueOn", "names a day that does not exist"),
    (
        I,
        {"documentUrl": "javascript:alert(1)"},
        "documentUrl",
        "must be an address that begins with http:// or https://",
    ),
]


@pytest.mark.parametrize(("kind", "changes", "field", "reason"), REFUSALS)
def test_rejects_a_record_with_field_and_reason(
    kind: ImportKind, changes: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(InvalidRecord) as refused:
        read(kind, **changes)
    assert (refused.value.field, refused.value.reason) == (field, reason)


def test_an_invoice_may_be_due_before_it_is_issued_and_a_quantity_may_be_negative() -> None:
    assert read(I, dueOn="2026-10-01").values["dueOn"].month == 10
    given_back = [{"product": "CALLING", "quantity": -5}]
    assert read(O, lines=given_back, currency="eur").values["lines"] == given_back
