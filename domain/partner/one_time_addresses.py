"""The tokens of addresses that work once: the ids of a stored request and their MAC, so that none can be forged."""

import hmac
from collections.abc import Sequence
from hashlib import sha256

from domain.cursors.encoding import decode_base64url, encode_base64url
from domain.failures import InvalidCursor

_MAC_BYTES = 16


def sign_address(purpose: bytes, secret: bytes, partner_id: str, request_id: str) -> str:
    """Return the token of a request. A token of one purpose is none of another."""
    body = f"{partner_id}/{request_id}".encode()
    return encode_base64url(_mac(purpose, secret, body) + body)


def verify_address(purpose: bytes, secrets: Sequence[bytes], token: str) -> tuple[str, str] | None:
    """Return partner and request of a token that one of the secrets signed for the purpose; None for any other text."""
    try:
        raw = decode_base64url(token)
    except InvalidCursor:
        return None
    mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not any(hmac.compare_digest(mac, _mac(purpose, secret, body)) for secret in secrets):
        return None
    partner_id, _, request_id = body.decode().partition("/")
    return partner_id, request_id


def _mac(purpose: bytes, secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, purpose + b"\x00" + body, sha256)[:_MAC_BYTES]
