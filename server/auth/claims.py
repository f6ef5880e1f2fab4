"""What a verified token says, whichever issuer signed it, and why a token is refused."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct

API_SCOPE: Final = "api"
IMPORT_SCOPE: Final = "import"
IMPORT_ADMINISTRATORS_SCOPE: Final = "import:administrators"
METRICS_SCOPE: Final = "metrics"
# Programs use them. A token of the local issuer with one of them is recorded and can be revoked.
SERVICE_SCOPES: Final = frozenset({IMPORT_SCOPE, IMPORT_ADMINISTRATORS_SCOPE, METRICS_SCOPE})
SCOPES: Final = SERVICE_SCOPES | {API_SCOPE}
# The clock of an issuer may be this much ahead of ours.
LEEWAY: Final = timedelta(seconds=30)
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  Instants are naive UTC throughout.
_LAST_SECOND: Final = 253_402_300_799


class TokenRefused(Exception):
    """A token is not accepted. The reason is for the log; `message` is what the caller learns."""

    message = "This token is not valid."


class TokenExpired(TokenRefused):
    """The token's time is over: its holder gets a new one."""

    message = "This token has expired."


class LifetimeTooLong(TokenRefused):
    """The token is valid for longer than this server accepts: its issuer must issue shorter ones."""

    message = "This token is valid for longer than this server accepts."


class TokenTimes(Struct, frozen=True):
    """When a token was issued and when it expires."""

    issued_at: datetime
    expires_at: datetime


class Claims(Struct, frozen=True):
    """The claims of a verified token.

    It names its administrator by id or by e-mail address; a token of the scope `metrics` alone names none.
    `service_token_id` is set where the token is recorded and can be revoked.
    """

    partner_id: str
    scopes: frozenset[str]
    times: TokenTimes
    administrator_id: str | None = None
    email: str | None = None
    service_token_id: str | None = None

    @property
    def expires_at(self) -> datetime:
        """The moment from which the token is not accepted."""
        return self.times.expires_at

    @property
    def issued_at(self) -> datetime:
        """The moment at which the token was issued."""
        return self.times.issued_at


def read_times(claims: Mapping[str, Any], now: datetime) -> TokenTimes:
    """Return the times of a token that is valid now; raise TokenRefused."""
    times = TokenTimes(_read_instant(claims, "iat"), _read_instant(claims, "exp"))
    starts_at = _read_instant(claims, "nbf") if "nbf" in claims else times.issued_at
    if times.expires_at <= now:
        raise TokenExpired("exp is in the past")
    if max(times.issued_at, starts_at) > now + LEEWAY:
        raise TokenRefused("iat or nbf is in the future")
    return times


def read_text(claims: Mapping[str, Any], name: str) -> str:
    """Return a claim that must be text; raise TokenRefused."""
    value = claims.get(name)
    if not isinstance(value, str):
        raise TokenRefused(f"the claim {name} is missing or not text")
    return value


def has_audience(claims: Mapping[str, Any], accepted: frozenset[str]) -> bool:
    """Return whether the token was issued for one of the accepted audiences."""
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    return any(isinstance(name, str) and name in accepted for name in named)


def _read_instant(claims: Mapping[str, Any], name: str) -> datetime:
    seconds: Any = claims.get(name)
    if type(seconds) not in (int, float) or not 0 <= seconds <= _LAST_SECOND:
        raise TokenRefused(f"the claim {name} is missing or no time")
    return _EPOCH + timedelta(seconds=float(seconds))
