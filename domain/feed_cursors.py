"""Cursors of feeds: a position in the stream of events, sealed so that only this installation can make one."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from hashlib import sha256
from typing import NamedTuple

from domain.failures import InvalidCursor

_VERSION = b"\x01"
_SEAL_BYTES = 16
_TIME_BYTES = 8
_LONGEST = 1024


class Position(NamedTuple):
    """A place in the stream: positions compare as the stream is ordered.

    `time` is the database's 64-bit cluster time; `token` the event's resume token in hexadecimal, or empty
    for the place before all events of that time.
    """

    time: int
    token: str = ""


def write_cursor(secret: bytes, partner_id: str, position: Position) -> str:
    """The cursor that names the position for one partner."""
    body = position.time.to_bytes(_TIME_BYTES, "big") + bytes.fromhex(position.token)
    return urlsafe_b64encode(_VERSION + _seal(secret, partner_id, body) + body).rstrip(b"=").decode()


def read_cursor(secret: bytes, partner_id: str, cursor: str) -> Position:
    """The position that `write_cursor` was given; InvalidCursor for any other text and any other partner."""
    raw = _decoded(cursor)
    version, seal, body = raw[:1], raw[1 : 1 + _SEAL_BYTES], raw[1 + _SEAL_BYTES :]
    is_ours = hmac.compare_digest(seal, _seal(secret, partner_id, body))
    if version != _VERSION or not is_ours or len(body) < _TIME_BYTES:
        raise InvalidCursor
    return Position(int.from_bytes(body[:_TIME_BYTES], "big"), body[_TIME_BYTES:].hex().upper())


def _decoded(cursor: str) -> bytes:
    if len(cursor) > _LONGEST or not cursor.isascii():
        raise InvalidCursor
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (NotBase64, ValueError):
        raise InvalidCursor from None
    # The decoder skips foreign characters and spare bits, which would give one position many spellings.
    if urlsafe_b64encode(raw).rstrip(b"=").decode() != cursor:
        raise InvalidCursor
    return raw


def _seal(secret: bytes, partner_id: str, body: bytes) -> bytes:
    return hmac.digest(secret, _VERSION + partner_id.encode() + b"\x00" + body, sha256)[:_SEAL_BYTES]
