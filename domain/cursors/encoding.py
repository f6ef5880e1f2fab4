"""How every cursor is spelled: base64url without padding, one spelling for one cursor."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

from domain.failures import InvalidCursor

_MAX_LENGTH = 4096


def encode_base64url(raw: bytes) -> str:
    """The cursor that holds these bytes."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_base64url(cursor: str) -> bytes:
    """What a cursor holds; InvalidCursor for any text that `encode_base64url` did not make."""
    if len(cursor) > _MAX_LENGTH or not cursor.isascii():
        raise InvalidCursor
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (NotBase64, ValueError):
        raise InvalidCursor from None
    # The decoder skips foreign characters and spare bits, which would give one place many spellings.
    if encode_base64url(raw) != cursor:
        raise InvalidCursor
    return raw
