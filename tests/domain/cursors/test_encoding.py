"""The encoding of cursors: exactly one text for each sequence of bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cursors.encoding import decode_base64url, encode_base64url
from domain.failures import InvalidCursor


@given(st.binary(max_size=200))
def test_bytes_are_decoded_unchanged(raw: bytes) -> None:
    assert decode_base64url(encode_base64url(raw)) == raw


@given(st.text(max_size=20))
def test_a_text_that_is_accepted_is_the_encoding_of_its_bytes(text: str) -> None:
    try:
        raw = decode_base64url(text)
    except InvalidCursor:
        return
    assert encode_base64url(raw) == text


@pytest.mark.parametrize("text", ["A", "QQ=", "QQ==", "QR", "Q Q", "QQ\n", "Q+", "Q/", "é", "A" * 4097])
def test_rejects_padding_spare_bits_foreign_characters_and_long_texts(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_base64url(text)


def test_accepts_the_longest_text() -> None:
    assert len(decode_base64url("A" * 4096)) == 3072
