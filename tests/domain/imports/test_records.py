"""What a delivered line may look like, and the field and reason of each refusal."""

from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.failures import InvalidRecord
from domain.imports.records import ImportKind, ImportRecord, parse_record, record_key
from tests.domain.imports.factory_records import (
    OMITTED,
    administrator_record,
    call_record,
    customer_record,
    invoice_record,
    media_record,
    order_record,
    queue_call_record,
    resource_record,
    subscription_record,
    trial_record,
    usage_record,
)

MAKERS = {
    ImportKind.CUSTOMERS: customer_record,
    ImportKind.ADMINISTRATORS: administrator_record,
    ImportKind.SUBSCRIPTIONS: subscription_record,
    ImportKind.TRIALS: trial_record,
    ImportKind.ORDERS: order_record,
    ImportKind.INVOICES: invoice_record,
    ImportKind.LICENSE_USAGE: usage_record,
    ImportKind.RESOURCES: resource_record,
    ImportKind.CALLS: call_record,
    ImportKind.CALL_MEDIA: media_record,
    ImportKind.QUEUE_CALLS: queue_call_record,
}


def read(kind: ImportKind, **changes: Any) -> ImportRecord:
    return parse_record(kind, MAKERS[kind](**changes))


@pytest.mark.parametrize("kind", list(ImportKind))
def test_accepts_the_smallest_record_of_each_kind(kind: ImportKind) -> None:
    line = read(kind)
    assert line.kind is kind
    assert line.key == record_key(kind, MAKERS[kind]())


def test_distinguishes_an_absent_field_from_null() -> None:
    assert "domain" not in read(ImportKind.CUSTOMERS).values
    assert read(ImportKind.CUSTOMERS, domain=None).values["domain"] is None


def test_null_resets_a_field_to_its_default() -> None:
    changes = {"termMonths": None, "setUp": None, "suspended": None, "cancelledAt": None}
    values = read(ImportKind.SUBSCRIPTIONS, **changes).values
    assert [values[name] for name in changes] == [12, True, False, None]
    assert read(ImportKind.ADMINISTRATORS, state=None).values["state"] == "ACTIVE"
    assert read(ImportKind.ADMINISTRATORS, assigned=None).values["assigned"] == ()


def test_null_is_ignored_for_creation_and_total() -> None:
    assert "createdAt" not in read(ImportKind.CUSTOMERS, createdAt=None).values
    assert "total" not in read(ImportKind.LICENSE_USAGE, total=None).values


def test_ignores_unknown_keys() -> None:
    assert read(ImportKind.CUSTOMERS, _refused={"line": 3}, colour="red") == read(ImportKind.CUSTOMERS)


def test_normalizes_case_and_white_space() -> None:
    values = read(ImportKind.CUSTOMERS, name="  Acme ", country="de", domain="ACME.Example").values
    assert (values["name"], values["country"], values["domain"]) == ("Acme", "DE", "acme.example")


def test_cuts_instants_to_milliseconds_in_utc() -> None:
    values = read(ImportKind.CUSTOMERS, createdAt="2026-11-22T21:00:00.123987+02:00").values
    assert values["createdAt"] == datetime(2026, 11, 22, 19, 0, 0, 123000)


def test_returns_only_the_delivered_figures() -> None:
    licenses = [{"product": "CALLING", "total": 5}, {"product": "MEETINGS", "total": 2, "assigned": None}]
    values = read(ImportKind.TRIALS, licenses=licenses).values
    assert values["licenses"] == {"CALLING": {"total": 5}, "MEETINGS": {"total": 2, "assigned": 0}}


LICENSE = {"product": "CALLING", "total": 5}
C, A, S = ImportKind.CUSTOMERS, ImportKind.ADMINISTRATORS, ImportKind.SUBSCRIPTIONS
T, U = ImportKind.TRIALS, ImportKind.LICENSE_USAGE
REFUSALS: list[tuple[ImportKind, dict[str, Any], str, str]] = [
    (C, {"externalId": OMITTED}, "externalId", "is missing"),
    (C, {"name": None}, "name", "must be a text, not null"),
    (C, {"name": 7}, "name", "must be a text, not a number"),
    (C, {"name": " \t "}, "name", "must have 1 to 200 characters, and has 0"),
    (C, {"name": "x" * 201}, "name", "must have 1 to 200 characters, and has 201"),
    (C, {"name": "a\x00b"}, "name", "contains a control character or half of a surrogate pair"),
    (C, {"name": "a\ud800"}, "name", "contains a control character or half of a surrogate pair"),
    (C, {"externalId": "x" * 101}, "externalId", "must have 1 to 100 characters, and has 101"),
    (C, {"country": "UK"}, "country", "is 'UK', which is no country code of ISO 3166-1, such as DE"),
    (C, {"country": 1}, "country", "must be a text, not a number"),
    (
        C,
        {"managedBy": "NOBODY"},
        "managedBy",
        "is 'NOBODY', which is none of EXTERNAL_ADMINISTRATOR, PARTNER_ORGANIZATION",
    ),
    (C, {"managedBy": ["X"]}, "managedBy", "must be a text, not a list"),
    (
        C,
        {"createdAt": "2026-11-22T10:00:00"},
        "createdAt",
        "is not an RFC 3339 date-time with a zone, such as 2026-11-22T19:56:00Z",
    ),
    (C, {"createdAt": 1700000000}, "createdAt", "must be a date-time in a text, not a number"),
    (C, {"removedAt": "2026-02-30T10:00:00Z"}, "removedAt", "names a date or time that does not exist"),
    (A, {"email": "ada"}, "email", "is not an e-mail address"),
    (A, {"email": "a@b@c"}, "email", "is not an e-mail address"),
    (A, {"assigned": "C-1"}, "assigned", "must be a list, not a text"),
    (A, {"assigned": ["C-1", 7]}, "assigned[1]", "must be a text, not a number"),
    (A, {"assigned": ["C-1", "C-1"]}, "assigned", "names 'C-1' twice"),
    (
        A,
        {"role": "FULL_ADMINISTRATOR", "assigned": ["C-1"]},
        "assigned",
        "is for an ADMINISTRATOR only, and the role is FULL_ADMINISTRATOR",
    ),
    (S, {"autoRenew": 1}, "autoRenew", "must be true or false, not a number"),
    (S, {"termMonths": 0}, "termMonths", "must be from 1 to 120, and is 0"),
    (S, {"termMonths": 121}, "termMonths", "must be from 1 to 120, and is 121"),
    (S, {"termMonths": True}, "termMonths", "must be a whole number, not a boolean"),
    (S, {"termMonths": 12.0}, "termMonths", "must be a whole number from 1 to 120, and is 12.0"),
    (S, {"endsAt": "2026-11-01T00:00:00Z"}, "endsAt", "must lie after startsAt"),
    (S, {"licenses": {}}, "licenses", "must be a list, not an object"),
    (S, {"licenses": ["CALLING"]}, "licenses[0]", "must be an object, not a text"),
    (S, {"licenses": [LICENSE, LICENSE]}, "licenses[1].product", "is CALLING, which stands in the list twice"),
    (S, {"licenses": [{"product": "CALLING"}]}, "licenses[0].total", "is missing"),
    (S, {"licenses": [{**LICENSE, "total": -1}]}, "licenses[0].total", "must be from 0 to 1,000,000, and is -1"),
    (
        S,
        {"licenses": [{**LICENSE, "assigned": 1_000_001}]},
        "licenses[0].assigned",
        "must be from 0 to 1,000,000, and is 1000001",
    ),
    (S, {"licenses": [{**LICENSE, "assigned": 3, "used": 4}]}, "licenses[0].used", "is 4, more than the 3 assigned"),
    (T, {"customer": OMITTED}, "customer", "is missing"),
    (U, {"day": "2026-11-31"}, "day", "names a day that does not exist"),
    (U, {"day": "20261101"}, "day", "is not a date of the form YYYY-MM-DD"),
    (U, {"day": 20261101}, "day", "must be a date in a text, not a number"),
    (U, {"used": 8}, "used", "is 8, more than the 7 assigned"),
    (U, {"product": 7}, "product", "must be a text, not a number"),
    (U, {"name": ""}, "name", "must have 1 to 100 characters, and has 0"),
]


@pytest.mark.parametrize(("kind", "changes", "field", "reason"), REFUSALS)
def test_rejects_a_record_with_field_and_reason(
    kind: ImportKind, changes: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(InvalidRecord) as refused:
        read(kind, **changes)
    assert (refused.value.field, refused.value.reason) == (field, reason)


@pytest.mark.parametrize("value", [None, 1, "x", [], True, 1.5])
def test_rejects_json_that_is_not_an_object(value: object) -> None:
    with pytest.raises(InvalidRecord, match="must be an object"):
        parse_record(ImportKind.CUSTOMERS, value)
    assert record_key(ImportKind.CUSTOMERS, value) is None


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(kind=st.sampled_from(ImportKind), data=st.data())
def test_any_json_is_accepted_or_rejected(kind: ImportKind, data: st.DataObject) -> None:
    whole = MAKERS[kind]()
    name = data.draw(st.sampled_from(sorted({*whole, "domain", "state", "assigned", "total", "suspended"})))
    with suppress(InvalidRecord):
        assert parse_record(kind, {**whole, name: data.draw(_json)}).kind is kind
