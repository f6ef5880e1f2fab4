"""Launches: addresses that open a customer's console once."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import quote, unquote

from msgspec import Struct

from domain.partner.one_time_addresses import sign_address, verify_address

LAUNCH_LIFETIME = timedelta(minutes=5)
EXTERNAL_ID_PLACEHOLDER = "{externalId}"
_PURPOSE = b"launch"
_SLASH = re.compile(r"[/\\]")
_DOT_SEGMENTS = {".", ".."}
_MAX_DECODINGS = 5


class LaunchCustomer(Struct, frozen=True, kw_only=True):
    """The customer whose console is to be opened."""

    customer: str


class LaunchOrganization(Struct, frozen=True, kw_only=True):
    """The console of the partner's own organization; the viewer's partner is the only one that can be meant."""


class LaunchReference(NamedTuple):
    """The launch that a token identifies."""

    partner_id: str
    launch_id: str


def sign_launch_token(secret: bytes, reference: LaunchReference) -> str:
    """Return the token of a launch. The token is not stored and cannot be forged."""
    return sign_address(_PURPOSE, secret, *reference)


def verify_launch_token(secrets: Sequence[bytes], token: str) -> LaunchReference | None:
    """Return the launch of a token that one of the secrets signed; None for any other text."""
    ids = verify_address(_PURPOSE, secrets, token)
    return None if ids is None else LaunchReference(*ids)


def is_console_id(external_id: str) -> bool:
    """Return whether an id can be part of an address: no server reads a step to another path (`..`) in it.

    Servers decode an id once or more, read a backslash as a slash, and drop what follows a semicolon.
    """
    for _ in range(_MAX_DECODINGS):
        if any(segment.partition(";")[0].strip() in _DOT_SEGMENTS for segment in _SLASH.split(external_id)):
            return False
        decoded = unquote(external_id)
        if decoded == external_id:
            return True
        external_id = decoded
    return False


def build_console_url(template: str, external_id: str) -> str:
    """Return the address of the console of a customer or of the partner; the id is quoted.

    Raise ValueError for an id that `is_console_id` refuses.
    """
    if not is_console_id(external_id):
        raise ValueError("This id cannot be part of an address.")
    return template.replace(EXTERNAL_ID_PLACEHOLDER, quote(external_id, safe=""))
