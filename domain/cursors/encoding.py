"""How every cursor is spelled: base64url without padding, one spelling for one cursor."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

from domain.failures import InvalidCursor

_LONGEST = 4096


def cursor_text(raw: bytes) -> str:
    """The cursor that holds these bytes."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def cursor_bytes(cursor: str) -> bytes:
    """What a cursor holds; InvalidCursor for any text that `cursor_text` did not make."""
    if len(cursor) > _LONGEST or not cursor.isascii():
        raise InvalidCursor
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (NotBase64, ValueError):
        raise InvalidCursor from None
    # The decoder skips foreign characters and spare bits, which would give one place many spellings.
    if cursor_text(raw) != cursor:
        raise InvalidCursor
    return raw
