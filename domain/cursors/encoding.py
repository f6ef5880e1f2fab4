"""The encoding of every cursor: base64url without padding; each cursor has exactly one text."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

from domain.failures import InvalidCursor

_MAX_LENGTH = 4096


def encode_base64url(raw: bytes) -> str:
    """Return the cursor of these bytes."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_base64url(cursor: str) -> bytes:
    """Return the bytes of a cursor; raise InvalidCursor for any text that `encode_base64url` does not produce."""
    if len(cursor) > _MAX_LENGTH or not cursor.isascii():
        raise InvalidCursor
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (NotBase64, ValueError):
        raise InvalidCursor from None
    # The decoder ignores foreign characters and spare bits, which would give one position several texts.
    if encode_base64url(raw) != cursor:
        raise InvalidCursor
    return raw
