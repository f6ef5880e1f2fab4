"""The commands that issue, list and revoke tokens of the local issuer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct

from domain.failures import OperatorError
from domain.types import AdministratorState
from server.app.keys import load_keys
from server.app.settings import Settings
from server.auth.claims import API_SCOPE, METRICS_SCOPE, SCOPES, SERVICE_SCOPES
from server.auth.keys import InstallationKeys
from server.auth.tokens import NO_PARTNER, sign_token
from server.cli.commands import load_partner_scope, open_client
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.administrators import Administrators
from store.tenants.service_tokens import (
    MAX_LISTED,
    ServiceTokenDocument,
    list_service_tokens,
    record_service_token,
    revoke_service_tokens,
)

MAX_LABEL_LENGTH = 100
_COLUMNS = ("id", "partner", "scopes", "state", "issued", "expires", "last used", "label")


class TokenRequest(Struct, frozen=True):
    """What `partnerhub token` was asked for; `seconds` is None for the lifetime of the settings."""

    partner_id: str | None
    email: str | None
    scopes: Sequence[str]
    seconds: int | None
    label: str


async def print_token(settings: Settings, data: Path | None, request: TokenRequest) -> None:
    """Print a token, alone on the last line, so that scripts can read it."""
    token_scope = " ".join(request.scopes) or API_SCOPE
    seconds = settings.token_seconds if request.seconds is None else request.seconds
    _check_scopes(token_scope)
    _check_settings(settings, token_scope, seconds)
    _check_label(request.label)
    async with open_client(settings, data) as client:
        keys = load_keys(settings, data)
        if token_scope == METRICS_SCOPE:
            if request.partner_id or request.email:
                raise OperatorError("Metrics are of the whole server: leave out --partner and --email.")
            print(await _issue_metrics_token(keys, client, seconds, request.label))
            return
        if not request.partner_id or not request.email:
            raise OperatorError("A token needs --partner ID and --email EMAIL; only one for metrics does not.")
        scope = await load_partner_scope(client, request.partner_id)
        print(await issue_token(keys, scope, request.email, token_scope, seconds, request.label))


async def issue_token(
    keys: InstallationKeys, scope: Scope, email: str, token_scope: str, seconds: int, label: str = ""
) -> str:
    """Return a token for an administrator of the partner, recorded if it is a service token.

    OperatorError for an unknown e-mail address or scope.
    """
    _check_scopes(token_scope)
    administrator = await Administrators(scope).by_email(email)
    if administrator is None or administrator.state is AdministratorState.DEACTIVATED:
        raise OperatorError(f"{email} is no administrator of {scope.partner_id}.")
    return await _sign(keys, scope, administrator.id, token_scope, seconds, label)


async def _issue_metrics_token(keys: InstallationKeys, client: Client, seconds: int, label: str) -> str:
    return await _sign(keys, Scope(client, NO_PARTNER, utc_now()), None, METRICS_SCOPE, seconds, label)


async def _sign(
    keys: InstallationKeys, scope: Scope, administrator_id: str | None, token_scope: str, seconds: int, label: str
) -> str:
    now, lifetime = utc_now(), timedelta(seconds=seconds)
    scopes, token_id = token_scope.split(), None
    if not SERVICE_SCOPES.isdisjoint(scopes):
        token_id = await record_service_token(scope, administrator_id, scopes, label, now + lifetime)
    return sign_token(
        keys.signing, scope.partner_id, administrator_id, now, scope=token_scope, ttl=lifetime, token_id=token_id
    )


def _check_scopes(token_scope: str) -> None:
    scopes = set(token_scope.split())
    unknown = scopes - SCOPES
    if unknown:
        raise OperatorError(f"--scope {' '.join(sorted(unknown))} is unknown: {', '.join(sorted(SCOPES))}.")
    for name in {API_SCOPE, METRICS_SCOPE} & scopes:
        if len(scopes) > 1:
            raise OperatorError(f"--scope {name} goes alone: issue one token for each use.")


def _check_settings(settings: Settings, token_scope: str, seconds: int) -> None:
    """Raise OperatorError for a token that the server of these settings would refuse."""
    is_for_people = token_scope == API_SCOPE
    if settings.local_tokens == "none" or (settings.local_tokens == "service" and is_for_people):
        raise OperatorError(f"PARTNERHUB_LOCAL_TOKENS is {settings.local_tokens}: the server would refuse this token.")
    longest = settings.token_max_seconds if is_for_people else settings.token_service_max_seconds
    if seconds > longest:
        name = "PARTNERHUB_TOKEN_MAX_SECONDS" if is_for_people else "PARTNERHUB_TOKEN_SERVICE_MAX_SECONDS"
        raise OperatorError(f"A token of {seconds} s would be refused: {name} is {longest}.")


def _check_label(label: str) -> None:
    if len(label) > MAX_LABEL_LENGTH or not label.isprintable():
        raise OperatorError(f"--label has at most {MAX_LABEL_LENGTH} printable characters.")


async def list_tokens(settings: Settings, data: Path | None, partner_id: str | None) -> None:
    """Print the recorded service tokens, the newest first, one a line."""
    async with open_client(settings, data) as client:
        if partner_id is not None:
            await load_partner_scope(client, partner_id)
        tokens = await list_service_tokens(client, partner_id)
    rows = [_COLUMNS, *(_row(token, utc_now()) for token in tokens)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if len(tokens) == MAX_LISTED:
        print(f"These are the latest {MAX_LISTED:,}: name a partner with --partner ID to see more of its tokens.")


def _row(token: ServiceTokenDocument, now: datetime) -> tuple[str, ...]:
    state = "revoked" if token.revoked_at is not None else "expired" if token.expires_at <= now else "active"
    partner = "-" if token.partner_id == NO_PARTNER else token.partner_id
    moments = (_minute(moment) for moment in (token.created_at, token.expires_at, token.last_used_at))
    return (token.id, partner, ",".join(token.scopes), state, *moments, token.label)


def _minute(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment:%Y-%m-%dT%H:%MZ}"


async def revoke_tokens(settings: Settings, data: Path | None, token_id: str | None, partner_id: str | None) -> None:
    """Revoke one token, or all of a partner; OperatorError where there is no such token."""
    if (token_id is None) == (partner_id is None):
        raise OperatorError("Name the token by its id (`partnerhub tokens list`), or all of a partner: --partner ID.")
    async with open_client(settings, data) as client:
        where: Document = {"_id": token_id}
        if partner_id is not None:
            where = (await load_partner_scope(client, partner_id)).match()
        count = await revoke_service_tokens(client, where)
    if token_id is not None and count == 0:
        raise OperatorError(f"There is no active token {token_id}.")
    print(f"Revoked {count} {'token' if count == 1 else 'tokens'}; every server refuses them within two seconds.")
