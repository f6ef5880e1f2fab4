"""Bearer tokens of the local issuer: Ed25519-signed JWTs, issued here and verified strictly."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from domain.failures import Unauthenticated

ISSUER = AUDIENCE = "partnerhub"
# The fully specified name of RFC 9864; no other algorithm is accepted, whatever a token's header says.
ALGORITHM = "Ed25519"
API_SCOPE = "api"
IMPORT_SCOPE = "import"
IMPORT_ADMINISTRATORS_SCOPE = "import:administrators"
DEFAULT_TTL = timedelta(hours=12)
_MAX_TOKEN_LENGTH = 4096
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  Instants are naive UTC throughout.


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a verified token."""

    partner_id: str
    administrator_id: str
    scopes: frozenset[str]
    expires_at: datetime


def sign_token(
    key: Mapping[str, Any],
    partner_id: str,
    administrator_id: str,
    now: datetime,
    *,
    scope: str = API_SCOPE,
    ttl: timedelta = DEFAULT_TTL,
) -> str:
    """Return a signed token for one administrator; several scopes are separated by spaces."""
    issued_at = int(now.replace(tzinfo=UTC).timestamp())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": administrator_id,
        "partner": partner_id,
        "scope": scope,
        "jti": uuid4().hex,
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + int(ttl.total_seconds()),
    }
    header = {"alg": ALGORITHM, "kid": key["kid"]}
    return jwt.encode(header, claims, OKPKey.import_key(dict(key)), algorithms=[ALGORITHM])


class TokenVerifier:
    """Verifies tokens with the installation's own key."""

    def __init__(self, key: Mapping[str, Any]) -> None:
        self._kid = key["kid"]
        self._public = OKPKey.import_key({name: key[name] for name in ("kty", "crv", "x", "kid")})

    def verify(self, token: str, now: datetime) -> Claims:
        """Return the token's claims; raise Unauthenticated where it is invalid or expired."""
        if len(token) > _MAX_TOKEN_LENGTH:
            raise Unauthenticated("This token is not valid.")
        try:
            decoded = jwt.decode(token, self._key_for, algorithms=[ALGORITHM])
            _claim_rules(now).validate(decoded.claims)
            return _read_claims(decoded.claims)
        except (JoseError, ValueError, TypeError, KeyError, OverflowError) as failure:
            raise Unauthenticated(_failure_message(failure)) from None

    def _key_for(self, signed: Any) -> OKPKey:
        if signed.headers().get("kid") != self._kid:
            raise ValueError("unknown key")
        return self._public


def _claim_rules(now: datetime) -> jwt.JWTClaimsRegistry:
    required = {name: {"essential": True} for name in ("sub", "partner", "scope", "iat", "nbf", "exp")}
    fixed = {"iss": {"essential": True, "value": ISSUER}, "aud": {"essential": True, "value": AUDIENCE}}
    rules: dict[str, Any] = {**required, **fixed}
    return jwt.JWTClaimsRegistry(now=int(now.replace(tzinfo=UTC).timestamp()), **rules)


def _read_claims(claims: Mapping[str, Any]) -> Claims:
    texts = [claims[name] for name in ("partner", "sub", "scope")]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("claims of the wrong type")
    partner_id, administrator_id, scope = texts
    expires_at = _EPOCH + timedelta(seconds=claims["exp"])
    return Claims(partner_id, administrator_id, frozenset(scope.split()), expires_at)


def _failure_message(failure: Exception) -> str:
    """Return the message: only expiry is stated, because it is the only cause that a caller can fix."""
    expired = isinstance(failure, JoseError) and failure.error == "expired_token"
    return "This token has expired." if expired else "This token is not valid."
