"""Cursors of lists: the sort values of a row, bound to its list by a checksum of both.

They contain only values that the client was shown, so the checksum has no secret: it finds damaged cursors and those of
other lists. A cursor that a client made itself is only a position in a list that it may read.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from json.encoder import encode_basestring
from math import isfinite
from types import NoneType
from typing import Any, Literal, TypeGuard

from domain.cursors.encoding import decode_base64url, encode_base64url
from domain.failures import InvalidCursor

CursorValueKind = Literal["text", "instant", "rank", "number", "number or null"]
CursorValue = str | int | float | datetime | None
_DIGEST_BYTES = 9
# json.dumps writes the same, and takes four times as long for the few values of a row.
_ENCODE: Mapping[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: repr,
    float: repr,
    NoneType: lambda _: "null",
}
_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)
_RANKS = range(100)
# The largest integer of MongoDB.
_MAX_INTEGER = 2**63 - 1


def list_digest(*of: object) -> bytes:
    """Return the digest that identifies a list by the printed form of its partner, order and filter."""
    return blake2b(repr(of).encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()


def encode_list_cursor(digest: bytes, sort_key: Sequence[CursorValue]) -> str:
    """Return the cursor of the row that has these sort values."""
    values = [(value - _EPOCH) // _MILLISECOND if isinstance(value, datetime) else value for value in sort_key]
    texts = [_ENCODE.get(type(value), json.dumps)(value) for value in values]
    body = f"[{','.join(texts)}]".encode("utf-8", "surrogatepass")
    return encode_base64url(_checksum(digest, body) + body)


def decode_list_cursor(digest: bytes, kinds: Sequence[CursorValueKind], cursor: str) -> tuple[CursorValue, ...]:
    """Return the sort values of a cursor of this list; raise InvalidCursor for any other text."""
    raw = decode_base64url(cursor)
    checksum, body = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
    if checksum != _checksum(digest, body):
        raise InvalidCursor
    try:
        values = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise InvalidCursor from None
    if not isinstance(values, list) or len(values) != len(kinds):
        raise InvalidCursor
    return tuple(_read_value(kind, value) for kind, value in zip(kinds, values, strict=True))


def _checksum(digest: bytes, body: bytes) -> bytes:
    return blake2b(body, key=digest, digest_size=_DIGEST_BYTES).digest()


def _read_value(kind: CursorValueKind, value: object) -> CursorValue:
    if value is None and kind == "number or null":
        return None
    if kind == "text" and isinstance(value, str) and not _has_surrogates(value):
        return value
    if type(value) is int and kind == "rank" and value in _RANKS:
        return value
    if type(value) is int and kind == "instant":
        return _instant(value)
    if kind in ("number", "number or null") and _is_number(value):
        return value
    raise InvalidCursor


def _has_surrogates(text: str) -> bool:
    """Whether the text contains half a character, which JSON can encode and MongoDB rejects."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _is_number(value: object) -> TypeGuard[int | float]:
    if type(value) is float:
        return isfinite(value)
    return type(value) is int and abs(value) <= _MAX_INTEGER


def _instant(milliseconds: int) -> datetime:
    try:
        return _EPOCH + milliseconds * _MILLISECOND
    except OverflowError:
        raise InvalidCursor from None
