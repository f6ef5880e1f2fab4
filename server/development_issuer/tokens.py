"""The answer of the token endpoint: an access token of the local issuer, and an id token for the client."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey

from server.auth.tokens import ALGORITHM, sign_token
from server.development_issuer.codes import Grant
from store.tenants.administrators import AdministratorDocument


def token_response(
    key: Mapping[str, Any],
    issuer: str,
    partner_id: str,
    administrator: AdministratorDocument,
    grant: Grant,
    now: datetime,
    lifetime: timedelta,
) -> dict[str, Any]:
    """Return the tokens of an administrator; the API accepts only the access token."""
    response = {
        "access_token": sign_token(key, partner_id, administrator.id, now, ttl=lifetime),
        "token_type": "Bearer",
        "expires_in": int(lifetime.total_seconds()),
        "scope": "openid profile email" if grant.request.has_openid else "",
    }
    if not grant.request.has_openid:
        return response
    issued_at = int(now.replace(tzinfo=UTC).timestamp())
    claims = {
        "iss": issuer,
        "aud": grant.request.client_id,
        "sub": administrator.id,
        "name": administrator.display_name,
        "email": administrator.email,
        "iat": issued_at,
        "auth_time": issued_at,
        "exp": issued_at + int(lifetime.total_seconds()),
    }
    if grant.request.get("nonce"):
        claims["nonce"] = grant.request.get("nonce")
    header = {"alg": ALGORITHM, "kid": key["kid"], "typ": "JWT"}
    id_token = jwt.encode(header, claims, OKPKey.import_key(dict(key)), algorithms=[ALGORITHM])
    return {**response, "id_token": id_token}
