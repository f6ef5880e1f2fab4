"""Cursors of feeds: they are decoded to their position, and any other text is rejected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cursors.feed import Position, decode_feed_cursor, encode_feed_cursor
from domain.failures import InvalidCursor

SECRET = b"a secret of this installation"
POSITION = Position(7_575_000_000_000_000_001, "8269217A4B000000012B0229296E04")
positions = st.builds(Position, st.integers(0, 2**64 - 1), st.binary(max_size=200).map(lambda raw: raw.hex().upper()))


@given(positions, st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True))
def test_a_cursor_is_decoded_to_its_position(position: Position, partner_id: str) -> None:
    assert decode_feed_cursor([SECRET], partner_id, encode_feed_cursor(SECRET, partner_id, position)) == position


@given(positions, st.data())
def test_rejects_a_cursor_with_any_character_changed(position: Position, data: st.DataObject) -> None:
    cursor = encode_feed_cursor(SECRET, "acme", position)
    place = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.characters().filter(lambda character: character != cursor[place]))
    with pytest.raises(InvalidCursor):
        decode_feed_cursor([SECRET], "acme", cursor[:place] + other + cursor[place + 1 :])


@given(positions, st.integers(0, 300))
def test_rejects_a_truncated_cursor(position: Position, length: int) -> None:
    cursor = encode_feed_cursor(SECRET, "acme", position)
    with pytest.raises(InvalidCursor):
        decode_feed_cursor([SECRET], "acme", cursor[: min(length, len(cursor) - 1)])


@given(st.text())
def test_rejects_any_other_text(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_feed_cursor([SECRET], "acme", text)


def test_rejects_the_cursor_of_another_partner() -> None:
    with pytest.raises(InvalidCursor):
        decode_feed_cursor([SECRET], "evil", encode_feed_cursor(SECRET, "acme", POSITION))


def test_rejects_the_cursor_of_another_installation() -> None:
    with pytest.raises(InvalidCursor):
        decode_feed_cursor([b"another secret"], "acme", encode_feed_cursor(SECRET, "acme", POSITION))


def test_accepts_the_cursors_of_a_former_secret() -> None:
    former = encode_feed_cursor(SECRET, "acme", POSITION)
    assert decode_feed_cursor([b"the present secret", SECRET], "acme", former) == POSITION


def test_rejects_another_text_of_the_same_bytes() -> None:
    cursor = encode_feed_cursor(SECRET, "acme", POSITION)
    for respelled in (f"{cursor}=", f"{cursor}\n", f" {cursor}", f"{cursor[:4]}!{cursor[4:]}"):
        with pytest.raises(InvalidCursor):
            decode_feed_cursor([SECRET], "acme", respelled)


def test_positions_compare_by_time_then_token() -> None:
    assert Position(1, "82FF") < Position(2) < Position(2, "8200") < Position(2, "8201")
