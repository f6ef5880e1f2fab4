"""Verifies tokens of all issuers that this server accepts, and remembers the tokens that passed."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from msgspec import Struct
from structlog import get_logger

from domain.failures import Unauthenticated
from server.auth.claims import Claims, LifetimeTooLong, TokenExpired, TokenRefused, TokenTimes, has_audience, read_times
from server.auth.signatures import MAX_TOKEN_LENGTH, Key, read_signed_token

# An entry has about 1 kB and at most 2, because every text in Claims is short.
MAX_REMEMBERED_TOKENS = 4096
_log = get_logger()


class Issuer(Protocol):
    """A signer of tokens: its keys, and how its claims are read."""

    @property
    def identifier(self) -> str:
        """The value of `iss`."""

    @property
    def audiences(self) -> frozenset[str]:
        """The values of `aud` that are accepted."""

    @property
    def algorithms(self) -> frozenset[str]:
        """The algorithms that its tokens may have."""

    def current_key(self, key_id: str) -> Key | None:
        """Return the key, without asking the issuer for it."""

    async def find_key(self, key_id: str) -> Key | None:
        """Return the key; None where the issuer has none of this id. Raise Unavailable where it cannot be asked."""

    def read_claims(self, claims: Mapping[str, Any], times: TokenTimes) -> Claims:
        """Return what the claims of a verified token mean; raise TokenRefused."""

    def max_lifetime(self, claims: Claims) -> timedelta:
        """Return the longest time from `iat` to `exp` that is accepted."""


class _VerifiedToken(Struct, frozen=True):
    claims: Claims
    issuer: Issuer
    key_id: str
    key: Key

    def is_key_current(self) -> bool:
        """Return False once the issuer's keys were fetched again: the key may have been withdrawn."""
        return self.issuer.current_key(self.key_id) is self.key


class TokenVerifier:
    """Verifies the tokens of some issuers. A token is remembered by its digest, the latest `max_remembered`."""

    def __init__(self, issuers: Iterable[Issuer], *, max_remembered: int = MAX_REMEMBERED_TOKENS) -> None:
        self._issuers = {issuer.identifier: issuer for issuer in issuers}
        self._max_remembered = max_remembered
        self._verified: OrderedDict[bytes, _VerifiedToken] = OrderedDict()

    async def verify(self, token: str, now: datetime) -> Claims:
        """Return the token's claims; raise Unauthenticated where it is not valid, Unavailable where no key is known."""
        try:
            if len(token) > MAX_TOKEN_LENGTH:
                raise TokenRefused("it is too long")
            # Text beyond ASCII is in no token; `surrogatepass` gives such text a digest, too.
            digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
            remembered = self._verified.get(digest)
            if remembered is None or not remembered.is_key_current():
                remembered = self._verified[digest] = await self._verify(token, now)
            self._verified.move_to_end(digest)
            if len(self._verified) > self._max_remembered:
                self._verified.popitem(last=False)
            if remembered.claims.expires_at <= now:
                raise TokenExpired("exp is in the past")
        except TokenRefused as refused:
            # Anybody can send wrong tokens: they must not fill the log.
            _log.debug("token refused", reason=str(refused))
            raise Unauthenticated(refused.message) from None
        return remembered.claims

    async def _verify(self, token: str, now: datetime) -> _VerifiedToken:
        signed = read_signed_token(token)
        issuer = self._issuers.get(signed.issuer)
        if issuer is None:
            raise TokenRefused("its issuer is not one of PARTNERHUB_TOKEN_ISSUERS")
        if signed.algorithm not in issuer.algorithms:
            raise TokenRefused(f"{signed.issuer} may not use {signed.algorithm}")
        key = await issuer.find_key(signed.key_id)
        if key is None:
            raise TokenRefused(f"{signed.issuer} has no key of its id")
        signed.check_signature(key)
        return _VerifiedToken(_check_claims(issuer, signed.claims, now), issuer, signed.key_id, key)


def _check_claims(issuer: Issuer, claims: Mapping[str, Any], now: datetime) -> Claims:
    if not has_audience(claims, issuer.audiences):
        raise TokenRefused(f"its audience is none of {', '.join(sorted(issuer.audiences))}")
    times = read_times(claims, now)
    verified = issuer.read_claims(claims, times)
    if times.expires_at - times.issued_at > issuer.max_lifetime(verified):
        raise LifetimeTooLong(f"it is valid for {times.expires_at - times.issued_at}")
    return verified
