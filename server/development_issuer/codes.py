"""Authorization codes: used once, within a minute, by the program that has the verifier of the challenge (RFC 7636)."""

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct

from server.development_issuer.authorization_requests import AuthorizationRequest

CODE_LIFETIME = timedelta(seconds=60)
# A program on this machine can ask for any number of codes: the oldest are forgotten.
MAX_CODES = 1000
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class InvalidGrant(Exception):
    """The code cannot be exchanged; the message says why."""


class Grant(Struct, frozen=True):
    """What a code stands for."""

    request: AuthorizationRequest
    administrator_id: str
    expires_at: datetime


class Proof(Struct, frozen=True):
    """What shows that a code is exchanged by the program that asked for it."""

    client_id: str
    redirect_uri: str
    verifier: str


class AuthorizationCodes:
    """The codes that were not exchanged yet, in the memory of this process."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}

    def __len__(self) -> int:
        return len(self._grants)

    def issue(self, request: AuthorizationRequest, administrator_id: str, now: datetime) -> str:
        """Return a new code."""
        self._grants = {code: grant for code, grant in self._grants.items() if grant.expires_at > now}
        while len(self._grants) >= MAX_CODES:
            del self._grants[next(iter(self._grants))]
        code = secrets.token_urlsafe(32)
        self._grants[code] = Grant(request, administrator_id, now + CODE_LIFETIME)
        return code

    def redeem(self, code: str, proof: Proof, now: datetime) -> Grant:
        """Return the grant of a code, which is then used up, also by a failed attempt; raise InvalidGrant."""
        grant = self._grants.pop(code, None)
        if grant is None or grant.expires_at <= now:
            raise InvalidGrant("This code is unknown, was used, or is older than a minute: sign in again.")
        if (grant.request.client_id, grant.request.redirect_uri) != (proof.client_id, proof.redirect_uri):
            raise InvalidGrant("client_id and redirect_uri must be those of the authorization request.")
        if not _is_verifier(proof.verifier, grant.request.get("code_challenge")):
            raise InvalidGrant("code_verifier does not belong to the code_challenge of the authorization request.")
        return grant


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier."""
    return urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


def _is_verifier(verifier: str, challenge: str) -> bool:
    return _VERIFIER.fullmatch(verifier) is not None and hmac.compare_digest(challenge_of(verifier), challenge)
