"""Cursors of lists: the sort values of a row, bound to the list that it stood in.

They hold nothing that their reader was not shown, so they are not sealed: a made-up one names a place, no secret.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from math import isfinite
from typing import Literal, TypeGuard

from domain.cursors.encoding import decode_base64url, encode_base64url
from domain.failures import InvalidCursor

CursorValueKind = Literal["text", "instant", "instant or null", "rank", "rank or null", "number", "number or null"]
CursorValue = str | int | float | datetime | None
_DIGEST_BYTES = 9
_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)
_RANKS = range(100)
# What the database can hold of a whole number.
_LARGEST = 2**63 - 1


def list_digest(*of: object) -> bytes:
    """What tells one list from another: partner, order and filter, as they print."""
    return blake2b(repr(of).encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()


def encode_list_cursor(digest: bytes, place: Sequence[CursorValue]) -> str:
    """The cursor of the row that has these sort values."""
    values = [(one - _EPOCH) // _MILLISECOND if isinstance(one, datetime) else one for one in place]
    body = json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return encode_base64url(digest + body)


def decode_list_cursor(digest: bytes, kinds: Sequence[CursorValueKind], cursor: str) -> tuple[CursorValue, ...]:
    """The sort values of a cursor of this very list; InvalidCursor for any other text."""
    raw = decode_base64url(cursor)
    if raw[:_DIGEST_BYTES] != digest:
        raise InvalidCursor
    try:
        values = json.loads(raw[_DIGEST_BYTES:].decode())
    except (ValueError, RecursionError):
        raise InvalidCursor from None
    if not isinstance(values, list) or len(values) != len(kinds):
        raise InvalidCursor
    return tuple(_read_value(kind, value) for kind, value in zip(kinds, values, strict=True))


def _read_value(kind: CursorValueKind, value: object) -> CursorValue:
    if value is None and kind.endswith("null"):
        return None
    if kind == "text" and isinstance(value, str) and not _has_surrogates(value):
        return value
    if type(value) is int and kind.startswith("rank") and value in _RANKS:
        return value
    if type(value) is int and kind.startswith("instant"):
        return _instant(value)
    if kind.startswith("number") and _is_number(value):
        return value
    raise InvalidCursor


def _has_surrogates(text: str) -> bool:
    """Half a character: JSON can spell it, and the database cannot take it."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _is_number(value: object) -> TypeGuard[int | float]:
    if type(value) is float:
        return isfinite(value)
    return type(value) is int and abs(value) <= _LARGEST


def _instant(milliseconds: int) -> datetime:
    try:
        return _EPOCH + milliseconds * _MILLISECOND
    except OverflowError:
        raise InvalidCursor from None
