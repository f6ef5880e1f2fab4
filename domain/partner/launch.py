"""Launches: addresses that open a customer's console once (domain.md, "Tags, trials, launch, views")."""

import hmac
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

from domain.cursors.encoding import decode_base64url, encode_base64url
from domain.failures import InvalidCursor

LAUNCH_LIFETIME = timedelta(minutes=5)
EXTERNAL_ID_PLACEHOLDER = "{externalId}"
_MAC_BYTES = 16


class LaunchReference(NamedTuple):
    """Which launch a token names."""

    partner_id: str
    launch_id: str


def sign_launch_token(secret: bytes, name: LaunchReference) -> str:
    """The token of a launch: its name, sealed, so that nothing secret need be stored and none can be made up."""
    body = "/".join(name).encode()
    return encode_base64url(_mac(secret, body) + body)


def verify_launch_token(secret: bytes, token: str) -> LaunchReference | None:
    """The launch that a token of this installation names; None for any other text."""
    try:
        raw = decode_base64url(token)
    except InvalidCursor:
        return None
    seal, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(seal, _mac(secret, body)):
        return None
    partner_id, _, launch_id = body.decode().partition("/")
    return LaunchReference(partner_id, launch_id)


def build_console_url(template: str, external_id: str) -> str:
    """Where the customer's console is; the id cannot leave its place in the address, whatever stands in it."""
    return template.replace(EXTERNAL_ID_PLACEHOLDER, quote(external_id, safe=""))


def _mac(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, b"launch\x00" + body, sha256)[:_MAC_BYTES]
