"""Cursors of feeds: a position in the stream of events, signed so that only this installation can create one."""

import hmac
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from domain.cursors.encoding import decode_base64url, encode_base64url
from domain.failures import InvalidCursor

_VERSION = b"\x01"
_MAC_BYTES = 16
_TIME_BYTES = 8


class Position(NamedTuple):
    """A position in the stream. Positions compare in the order of the stream.

    `time` is the database's 64-bit cluster time. `token` is the event's resume token in hexadecimal; it is empty for
    the position before all events of that time.
    """

    time: int
    token: str = ""


def encode_feed_cursor(secret: bytes, partner_id: str, position: Position) -> str:
    """Return the cursor of the position for one partner."""
    body = position.time.to_bytes(_TIME_BYTES, "big") + bytes.fromhex(position.token)
    return encode_base64url(_VERSION + _mac(secret, partner_id, body) + body)


def decode_feed_cursor(secrets: Sequence[bytes], partner_id: str, cursor: str) -> Position:
    """Return the position of a cursor that one of the secrets signed for this partner.

    Raise InvalidCursor for any other text.
    """
    raw = decode_base64url(cursor)
    version, mac, body = raw[:1], raw[1 : 1 + _MAC_BYTES], raw[1 + _MAC_BYTES :]
    is_authentic = any(hmac.compare_digest(mac, _mac(secret, partner_id, body)) for secret in secrets)
    if version != _VERSION or not is_authentic or len(body) < _TIME_BYTES:
        raise InvalidCursor
    return Position(int.from_bytes(body[:_TIME_BYTES], "big"), body[_TIME_BYTES:].hex().upper())


def _mac(secret: bytes, partner_id: str, body: bytes) -> bytes:
    mac = _keyed_mac(secret).copy()
    mac.update(partner_id.encode() + b"\x00" + body)
    return mac.digest()[:_MAC_BYTES]


# To begin with a key takes most of the time of such a short text.
@lru_cache(16)
def _keyed_mac(secret: bytes) -> hmac.HMAC:
    return hmac.new(secret, _VERSION, sha256)
