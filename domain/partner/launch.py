"""Launches: addresses that open a customer's console once (domain.md, "Tags, trials, launch, views")."""

import hmac
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

from domain.cursors.encoding import cursor_bytes, cursor_text
from domain.failures import InvalidCursor

GOOD_FOR = timedelta(minutes=5)
EXTERNAL_ID = "{externalId}"
_SEAL_BYTES = 16


class LaunchName(NamedTuple):
    """Which launch a token names."""

    partner_id: str
    launch_id: str


def launch_token(secret: bytes, name: LaunchName) -> str:
    """The token of a launch: its name, sealed, so that nothing secret need be stored and none can be made up."""
    body = "/".join(name).encode()
    return cursor_text(_seal(secret, body) + body)


def read_launch_token(secret: bytes, token: str) -> LaunchName | None:
    """The launch that a token of this installation names; None for any other text."""
    try:
        raw = cursor_bytes(token)
    except InvalidCursor:
        return None
    seal, body = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(secret, body)):
        return None
    partner_id, _, launch_id = body.decode().partition("/")
    return LaunchName(partner_id, launch_id)


def console_address(template: str, external_id: str) -> str:
    """Where the customer's console is; the id cannot leave its place in the address, whatever stands in it."""
    return template.replace(EXTERNAL_ID, quote(external_id, safe=""))


def _seal(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, b"launch\x00" + body, sha256)[:_SEAL_BYTES]
