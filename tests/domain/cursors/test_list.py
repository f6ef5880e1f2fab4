"""Cursors of lists: they are decoded to the position that they were made of, and any other text is rejected."""

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
INSTANT: tuple[CursorValueKind, ...] = ("instant", "text", "text")


def forged(values: object) -> str:
    """Return a cursor with the digest of the list and any body."""
    return urlsafe_b64encode(DIGEST + json.dumps(values).encode()).rstrip(b"=").decode()


@given(st.datetimes(), st.text(alphabet=st.characters(codec="utf-8")))
def test_a_cursor_is_decoded_to_its_sort_values(instant: datetime, name: str) -> None:
    sort_key = (truncate_to_milliseconds(instant), name, "cus_1")
    assert decode_list_cursor(DIGEST, INSTANT, encode_list_cursor(DIGEST, sort_key)) == sort_key


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
        [None, "b", "c"],
        [0, "b", 7],
        [0, "b", "c", "d"],
    ],
)
def test_rejects_a_body_that_is_no_sort_key(values: object) -> None:
    with pytest.raises(InvalidCursor):
        decode_list_cursor(DIGEST, INSTANT, forged(values))


@pytest.mark.parametrize(("kind", "value"), [("rank", None), ("rank", 100), ("rank", -1), ("instant", None)])
def test_rejects_a_value_that_its_field_cannot_have(kind: CursorValueKind, value: object) -> None:
    with pytest.raises(InvalidCursor):
        decode_list_cursor(DIGEST, (kind, "text", "text"), forged([value, "b", "c"]))


def test_rejects_another_text_of_the_same_cursor() -> None:
    cursor = encode_list_cursor(DIGEST, ("a", "b"))
    for text in (cursor + "=", cursor[:4] + "\n" + cursor[4:], " " + cursor, "A" * 5000, "[" * 2000):
        with pytest.raises(InvalidCursor):
            decode_list_cursor(DIGEST, ("text", "text"), text)


@pytest.mark.parametrize("body", [b"", b"[", b"\xff", b"[" * 2500])
def test_rejects_a_body_that_is_no_json(body: bytes) -> None:
    with pytest.raises(InvalidCursor):
        decode_list_cursor(DIGEST, INSTANT, urlsafe_b64encode(DIGEST + body).rstrip(b"=").decode())


def test_rejects_half_a_character_in_a_forged_cursor() -> None:
    digest = list_digest("acme")
    forged_cursor = urlsafe_b64encode(digest + b'["\\ud800","cus_1"]').rstrip(b"=").decode()
    with pytest.raises(InvalidCursor):
        decode_list_cursor(digest, ("text", "text"), forged_cursor)


@pytest.mark.parametrize("number", [0, -3, 2**63 - 1, 1.5, 100 / 3, -0.0])
def test_numbers_are_decoded_unchanged(number: float) -> None:
    digest = list_digest("calls")
    assert decode_list_cursor(digest, ["number"], encode_list_cursor(digest, [number])) == (number,)


@pytest.mark.parametrize("value", [True, "1", None, 2**63, float("inf"), float("nan"), [1]])
def test_rejects_what_mongodb_cannot_store_as_a_number(value: Any) -> None:
    digest = list_digest("calls")
    with pytest.raises(InvalidCursor):
        decode_list_cursor(digest, ["number"], encode_list_cursor(digest, [value]))


def test_only_a_kind_with_null_accepts_null() -> None:
    digest = list_digest("calls")
    cursor = encode_list_cursor(digest, [None])
    assert decode_list_cursor(digest, ["number or null"], cursor) == (None,)
    kinds: tuple[CursorValueKind, ...] = ("number", "rank", "instant", "text")
    for kind in kinds:
        with pytest.raises(InvalidCursor):
            decode_list_cursor(digest, [kind], cursor)
