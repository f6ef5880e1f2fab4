"""An external OIDC issuer: where its keys are, and what the claims of its tokens mean here."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from domain.partner.ids import is_partner_id
from domain.text.contacts import read_email
from server.auth.claims import Claims, TokenRefused, TokenTimes
from server.auth.documents import FETCH_SECONDS, FetchFailed, fetch_json
from server.auth.issuer_settings import IssuerSettings, check_address
from server.auth.key_cache import KeyCache
from server.auth.key_sets import InvalidKeySet, parse_key_set
from server.auth.signatures import Key

if TYPE_CHECKING:
    import httpx

_MAX_ID_LENGTH = 100


class OidcIssuer:
    """Accepts the tokens of one issuer for the administrators of its partners."""

    def __init__(self, settings: IssuerSettings, keys: KeyCache, max_lifetime: timedelta) -> None:
        self._settings = settings
        self._max_lifetime = max_lifetime
        self.keys = keys
        self.identifier = settings.issuer
        self.audiences = settings.audiences
        self.algorithms = settings.accepted_algorithms

    def current_key(self, key_id: str) -> Key | None:
        """Return the key, if it is known."""
        return self.keys.current(key_id)

    async def find_key(self, key_id: str) -> Key | None:
        """Return the key; fetch the keys where it is unknown."""
        return await self.keys.find(key_id)

    def max_lifetime(self, _claims: Claims) -> timedelta:
        """Return the longest lifetime: the tokens of an issuer cannot be revoked here."""
        return self._max_lifetime

    def read_claims(self, claims: Mapping[str, Any], times: TokenTimes) -> Claims:
        """Return what the claims mean here; raise TokenRefused."""
        settings = self._settings
        partner_id, scopes = self._read_partner(claims), self._read_scopes(claims)
        if settings.administrator_claim is not None:
            administrator_id = _claim_at(claims, settings.administrator_claim)
            if not isinstance(administrator_id, str) or not 0 < len(administrator_id) <= _MAX_ID_LENGTH:
                raise TokenRefused(f"the claim {settings.administrator_claim} is no administrator's id")
            return Claims(partner_id, scopes, times, administrator_id)
        claim = _claim_at(claims, settings.email_claim)
        email = read_email(claim) if isinstance(claim, str) else None
        if email is None:
            raise TokenRefused(f"the claim {settings.email_claim} is no e-mail address")
        # Some issuers write it as text.
        if claims.get("email_verified", True) not in (True, "true"):
            raise TokenRefused("its e-mail address is not verified")
        return Claims(partner_id, scopes, times, email=email)

    def _read_partner(self, claims: Mapping[str, Any]) -> str:
        settings = self._settings
        if settings.partner is not None:
            return settings.partner
        partner_id = _claim_at(claims, settings.partner_claim)
        if not isinstance(partner_id, str) or not is_partner_id(partner_id):
            raise TokenRefused(f"the claim {settings.partner_claim} is no partner's id")
        if settings.partners is not None and partner_id not in settings.partners:
            raise TokenRefused(f"{settings.issuer} may not speak for the partner {partner_id}")
        return partner_id

    def _read_scopes(self, claims: Mapping[str, Any]) -> frozenset[str]:
        named = _claim_at(claims, self._settings.scope_claim)
        names = named.split() if isinstance(named, str) else named if isinstance(named, list) else ()
        known = self._settings.scopes
        return frozenset(known[name] for name in names if isinstance(name, str) and name in known)


async def fetch_keys(
    client: "httpx.AsyncClient", settings: IssuerSettings, *, seconds: float = FETCH_SECONDS
) -> dict[str, Key]:
    """Return the keys of the issuer, from its key set or by discovery; raise FetchFailed or InvalidKeySet.

    Each of the two documents must arrive within `seconds`.
    """
    url = settings.jwks_url or await _discover(client, settings.issuer, seconds)
    document = await fetch_json(client, url, seconds=seconds)
    try:
        return parse_key_set(document)
    except InvalidKeySet as invalid:
        raise InvalidKeySet(f"{url}: {invalid}") from None


async def _discover(client: "httpx.AsyncClient", issuer: str, seconds: float) -> str:
    """Return the address of the key set that the issuer's own description names."""
    url = f"{issuer.removesuffix('/')}/.well-known/openid-configuration"
    document = await fetch_json(client, url, seconds=seconds)
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        named = str(document.get("issuer") if isinstance(document, dict) else document)[:200]
        raise FetchFailed(
            f"{url} describes the issuer {named} instead of {issuer}: both must be equal, also in a slash"
        )
    try:
        keys_url = check_address(str(document.get("jwks_uri")))
    except ValueError as error:
        raise FetchFailed(f"{url}: jwks_uri {error}") from None
    if issuer.startswith("https:") and not keys_url.startswith("https:"):
        # An issuer elsewhere has no business on the loopback of this machine.
        raise FetchFailed(f"{url}: jwks_uri must be https, as the issuer is")
    return keys_url


def _claim_at(claims: Mapping[str, Any], path: str | tuple[str, ...]) -> Any:
    value: Any = claims
    for name in (path,) if isinstance(path, str) else path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
