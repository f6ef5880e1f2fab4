"""Cursors of lists: they are decoded to the position that they were made of, and any other text is rejected."""

import json
from datetime import datetime
from hashlib import blake2b
from typing import Any

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cursors.encoding import decode_base64url, encode_base64url
from domain.cursors.list import CursorValueKind, decode_list_cursor, encode_list_cursor, list_digest
from domain.failures import InvalidCursor
from domain.time.instants import truncate_to_milliseconds

DIGEST = list_digest("acme", "NAME")
INSTANT: tuple[CursorValueKind, ...] = ("instant", "text", "text")


NAMES = st.text(alphabet=st.characters(codec="utf-8"))


def forged(body: bytes) -> str:
    """Return a cursor of the list with any body, as anyone can make it who knows the list."""
    return encode_base64url(blake2b(body, key=DIGEST, digest_size=len(DIGEST)).digest() + body)


@given(st.datetimes(), NAMES)
def test_a_cursor_is_decoded_to_its_sort_values(instant: datetime, name: str) -> None:
    sort_key = (truncate_to_milliseconds(instant), name, "cus_1")
    assert decode_list_cursor(DIGEST, INSTANT, encode_list_cursor(DIGEST, sort_key)) == sort_key


@given(st.lists(st.none() | NAMES | st.integers() | st.floats(allow_nan=False, allow_infinity=False)))
def test_the_sort_values_are_compact_json(values: list[str | int | float | None]) -> None:
    raw = decode_base64url(encode_list_cursor(DIGEST, values))
    assert raw.endswith(json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode())


def test_a_long_integer_as_the_database_returns_it_is_a_number() -> None:
    value = bson.decode(bson.encode({"a": 2**40}))["a"]
    assert type(value) is not int
    assert decode_list_cursor(DIGEST, ["number"], encode_list_cursor(DIGEST, [value])) == (2**40,)


def test_rejects_a_cursor_of_another_list() -> None:
    cursor = encode_list_cursor(DIGEST, ("a", "b"))
    with pytest.raises(InvalidCursor):
        decode_list_cursor(list_digest("other", "NAME"), ("text", "text"), cursor)


@given(st.datetimes(), NAMES, st.data())
def test_rejects_a_cursor_with_any_character_changed(instant: datetime, name: str, data: st.DataObject) -> None:
    cursor = encode_list_cursor(DIGEST, (instant, name, "cus_1"))
    place = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.characters().filter(lambda character: character != cursor[place]))
    with pytest.raises(InvalidCursor):
        decode_list_cursor(DIGEST, INSTANT, cursor[:place] + other + cursor[place + 1 :])


@given(st.datetimes(), NAMES, st.integers(0, 100))
def test_rejects_a_truncated_cursor(instant: datetime, name: str, length: int) -> None:
    cursor = encode_list_cursor(DIGEST, (instant, name, "cus_1"))
    with pytest.raises(InvalidCursor):
        decode_list_cursor(DIGEST, INSTANT, cursor[: min(length, len(cursor) - 1)])


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
        decode_list_cursor(DIGEST, INSTANT, forged(json.dumps(values).encode()))


@pytest.mark.parametrize(("kind", "value"), [("rank", None), ("rank", 100), ("rank", -1), ("instant", None)])
def test_rejects_a_value_that_its_field_cannot_have(kind: CursorValueKind, value: object) -> None:
    with pytest.raises(InvalidCursor):
        decode_list_cursor(DIGEST, (kind, "text", "text"), forged(json.dumps([value, "b", "c"]).encode()))


def test_rejects_another_text_of_the_same_cursor() -> None:
    cursor = encode_list_cursor(DIGEST, ("a", "b"))
    for text in (cursor + "=", cursor[:4] + "\n" + cursor[4:], " " + cursor, "A" * 5000, "[" * 2000):
        with pytest.raises(InvalidCursor):
            decode_list_cursor(DIGEST, ("text", "text"), text)


@pytest.mark.parametrize("body", [b"", b"[", b"\xff", b"[" * 2500])
def test_rejects_a_body_that_is_no_json(body: bytes) -> None:
    with pytest.raises(InvalidCursor):
        decode_list_cursor(DIGEST, INSTANT, forged(body))


def test_rejects_half_a_character_in_a_forged_cursor() -> None:
    with pytest.raises(InvalidCursor):
        decode_list_cursor(DIGEST, ("text", "text"), forged(b'["\\ud800","cus_1"]'))


@pytest.mark.parametrize("number", [0, -3, 2**63 - 1, 1.5, 100 / 3, -0.0])
def test_numbers_are_decoded_unchanged(number: float) -> None:
    digest = list_digest("calls")
    assert decode_list_cursor(digest, ["number"], encode_list_cursor(digest, [number])) == (number,)


@pytest.mark.parametrize("value", [True, "1", None, 2**63, float("inf"), float("nan"), [1]])
def test_rejects_what_mongodb_cannot_store_as_a_number(value: Any) -> None:
    with pytest.raises(InvalidCursor):
        decode_list_cursor(DIGEST, ["number"], forged(json.dumps([value]).encode()))


def test_only_a_kind_with_null_accepts_null() -> None:
    digest = list_digest("calls")
    cursor = encode_list_cursor(digest, [None])
    assert decode_list_cursor(digest, ["number or null"], cursor) == (None,)
    kinds: tuple[CursorValueKind, ...] = ("number", "rank", "instant", "text")
    for kind in kinds:
        with pytest.raises(InvalidCursor):
            decode_list_cursor(digest, [kind], cursor)
