"""Cursors of lists: they name a place in one list and nothing else."""

import json
from base64 import urlsafe_b64encode
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cursors.list import CursorValueKind, decode_list_cursor, encode_list_cursor, list_digest
from domain.failures import InvalidCursor
from domain.time.instants import truncate_to_milliseconds

DIGEST = list_digest("acme", "NAME")
INSTANT: tuple[CursorValueKind, ...] = ("instant or null", "text", "text")


def forged(values: object) -> str:
    """A cursor of the right list with any body."""
    return urlsafe_b64encode(DIGEST + json.dumps(values).encode()).rstrip(b"=").decode()


@given(st.none() | st.datetimes(), st.text(alphabet=st.characters(codec="utf-8")))
def test_a_cursor_names_its_place(instant: datetime | None, name: str) -> None:
    place = (instant and truncate_to_milliseconds(instant), name, "cus_1")
    assert decode_list_cursor(DIGEST, INSTANT, encode_list_cursor(DIGEST, place)) == place


def test_rejects_a_cursor_of_another_list() -> None:
    cursor = encode_list_cursor(DIGEST, ("a", "b"))
    with pytest.raises(InvalidCursor):
        decode_list_cursor(list_digest("other", "NAME"), ("text", "text"), cursor)


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{0,60}", fullmatch=True))
def test_rejects_any_other_text(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_list_cursor(DIGEST, INSTANT, text)


@pytest.mark.parametrize(
    "values",
    [
        {},
        [],
        None,
        ["a", "b", "c"],
        [True, "b", "c"],
        [1.5, "b", "c"],
        [10**30, "b", "c"],
        [-(10**17), "b", "c"],
        [0, None, "c"],
        [0, "b", 7],
        [0, "b", "c", "d"],
    ],
)
def test_rejects_a_body_that_is_no_place(values: object) -> None:
    with pytest.raises(InvalidCursor):
        decode_list_cursor(DIGEST, INSTANT, forged(values))


@pytest.mark.parametrize(("kind", "value"), [("rank", None), ("rank", 100), ("rank", -1), ("instant", None)])
def test_rejects_a_value_that_its_field_cannot_have(kind: CursorValueKind, value: object) -> None:
    with pytest.raises(InvalidCursor):
        decode_list_cursor(DIGEST, (kind, "text", "text"), forged([value, "b", "c"]))


def test_rejects_another_spelling_of_a_cursor() -> None:
    cursor = encode_list_cursor(DIGEST, ("a", "b"))
    for spelling in (cursor + "=", cursor[:4] + "\n" + cursor[4:], " " + cursor, "A" * 5000, "[" * 2000):
        with pytest.raises(InvalidCursor):
            decode_list_cursor(DIGEST, ("text", "text"), spelling)


@pytest.mark.parametrize("body", [b"", b"[", b"\xff", b"[" * 2500])
def test_rejects_a_body_that_is_no_json(body: bytes) -> None:
    with pytest.raises(InvalidCursor):
        decode_list_cursor(DIGEST, INSTANT, urlsafe_b64encode(DIGEST + body).rstrip(b"=").decode())


def test_half_a_character_in_a_made_up_cursor_is_refused() -> None:
    digest = list_digest("acme")
    made_up = urlsafe_b64encode(digest + b'["\\ud800","cus_1"]').rstrip(b"=").decode()
    with pytest.raises(InvalidCursor):
        decode_list_cursor(digest, ("text", "text"), made_up)


@pytest.mark.parametrize("number", [0, -3, 2**63 - 1, 1.5, 100 / 3, -0.0])
def test_numbers_come_back_as_they_were(number: float) -> None:
    digest = list_digest("calls")
    assert decode_list_cursor(digest, ["number"], encode_list_cursor(digest, [number])) == (number,)


@pytest.mark.parametrize("value", [True, "1", None, 2**63, float("inf"), float("nan"), [1]])
def test_what_is_no_number_of_the_database_is_no_cursor(value: Any) -> None:
    digest = list_digest("calls")
    with pytest.raises(InvalidCursor):
        decode_list_cursor(digest, ["number"], encode_list_cursor(digest, [value]))


def test_a_number_may_be_missing_where_its_kind_says_so() -> None:
    digest = list_digest("calls")
    assert decode_list_cursor(digest, ["number or null"], encode_list_cursor(digest, [None])) == (None,)
