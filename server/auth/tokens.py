"""Tokens of the local issuer: signed by this installation with Ed25519, for development, own use and service tokens."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import OKPKey
from msgspec import Struct

from server.auth.claims import API_SCOPE, SCOPES, SERVICE_SCOPES, Claims, TokenRefused, TokenTimes, read_text
from server.auth.signatures import Key

ISSUER = AUDIENCE = "partnerhub"
# The fully specified name of RFC 9864; no other algorithm is accepted, whatever a token's header says.
ALGORITHM = "Ed25519"
DEFAULT_TTL = timedelta(hours=12)
# The partner of a token that belongs to none: it is no partner's id.
NO_PARTNER = "*"


class MaxLifetimes(Struct, frozen=True):
    """The longest time from `iat` to `exp` that is accepted: of people's tokens and of service tokens."""

    people: timedelta = timedelta(days=1)
    services: timedelta = timedelta(days=366)


def sign_token(
    key: Mapping[str, Any],
    partner_id: str,
    administrator_id: str | None,
    now: datetime,
    *,
    scope: str = API_SCOPE,
    ttl: timedelta = DEFAULT_TTL,
    token_id: str | None = None,
) -> str:
    """Return a signed token for one administrator; several scopes are separated by spaces.

    A token with a service scope is accepted only where `token_id` is recorded (store/tenants/service_tokens.py).
    """
    issued_at = now.replace(tzinfo=UTC).timestamp()
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": administrator_id or "",
        "partner": partner_id,
        "scope": scope,
        "jti": token_id or uuid4().hex,
        # With its milliseconds: a token is refused where it is older than the invitation of its administrator.
        "iat": issued_at,
        "nbf": int(issued_at),
        "exp": int(issued_at) + int(ttl.total_seconds()),
    }
    header = {"alg": ALGORITHM, "kid": key["kid"]}
    return jwt.encode(header, claims, OKPKey.import_key(dict(key)), algorithms=[ALGORITHM])


class LocalIssuer:
    """The issuer whose keys this installation has."""

    identifier = ISSUER
    audiences = frozenset({AUDIENCE})
    algorithms = frozenset({ALGORITHM})

    def __init__(
        self,
        keys: Iterable[Mapping[str, Any]],
        max_lifetimes: MaxLifetimes | None = None,
        *,
        only_service_tokens: bool = False,
    ) -> None:
        self._keys: Mapping[str, Key] = {
            key["kid"]: OKPKey.import_key({name: key[name] for name in ("kty", "crv", "x")}) for key in keys
        }
        self._max_lifetimes = max_lifetimes or MaxLifetimes()
        self._only_service_tokens = only_service_tokens

    def current_key(self, key_id: str) -> Key | None:
        """Return the key of this id."""
        return self._keys.get(key_id)

    async def find_key(self, key_id: str) -> Key | None:
        """Return the key of this id."""
        return self._keys.get(key_id)

    def read_claims(self, claims: Mapping[str, Any], times: TokenTimes) -> Claims:
        """Return what the claims mean; raise TokenRefused."""
        partner_id, administrator_id = read_text(claims, "partner"), read_text(claims, "sub")
        scopes = SCOPES.intersection(read_text(claims, "scope").split())
        is_service_token = not scopes.isdisjoint(SERVICE_SCOPES)
        if is_service_token and API_SCOPE in scopes:
            raise TokenRefused("a service token is not for the API")
        if self._only_service_tokens and not is_service_token:
            raise TokenRefused("PARTNERHUB_LOCAL_TOKENS accepts service tokens only")
        token_id = read_text(claims, "jti") if is_service_token else None
        return Claims(partner_id, scopes, times, administrator_id or None, service_token_id=token_id)

    def max_lifetime(self, claims: Claims) -> timedelta:
        """Return the longest lifetime: a service token can be revoked, so it may live longer."""
        return self._max_lifetimes.people if claims.service_token_id is None else self._max_lifetimes.services
