"""From the claims of a token to its administrator, and to the viewer of a request."""

import asyncio
from datetime import datetime

from domain.failures import AdministratorNotActive, TokenOlderThanInvitation, Unauthenticated
from domain.types import AdministratorState
from resolvers.context import Viewer
from server.auth.claims import API_SCOPE, Claims
from server.auth.kept_administrators import KeptAdministrators
from store.database.client import Client
from store.database.scope import Scope
from store.tenants.administrators import AdministratorDocument, Administrators
from store.tenants.sign_ins import SIGN_IN_INTERVAL, record_sign_in

# The event loop keeps weak references to tasks; these must live until they have written.
_sign_in_tasks: set[asyncio.Task[None]] = set()


def read_bearer_token(authorization: str | None) -> str:
    """Return the token of an Authorization header; raise Unauthenticated."""
    kind, _, token = (authorization or "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Send a token in the header: Authorization: Bearer TOKEN.")
    return token.strip()


def require_token_scope(claims: Claims, scope: str) -> None:
    """Raise Unauthenticated where the token was not issued for this use."""
    if scope not in claims.scopes:
        raise Unauthenticated(f"This token does not have the scope {scope}.")


def find_viewer(
    kept: KeptAdministrators, claims: Claims, now: datetime, after_operation_time: int = 0
) -> Viewer | None:
    """Return the viewer of an API token where its administrator is kept; None where it must be loaded."""
    require_token_scope(claims, API_SCOPE)
    administrator = kept.find(claims, after_operation_time)
    if administrator is None or _is_sign_in_due(administrator, now):
        return None
    _check_age(claims, administrator)
    return Viewer(administrator, claims.partner_id, claims.expires_at)


async def load_viewer(client: Client, claims: Claims, now: datetime, kept: KeptAdministrators) -> Viewer:
    """Return the viewer of an API token; the first valid request activates an invited administrator."""
    require_token_scope(claims, API_SCOPE)
    keep = kept.begin(claims)
    administrator = await load_administrator(client, claims, now)
    if _is_sign_in_due(administrator, now):
        _record_sign_in(client, claims.partner_id, administrator, now)
    else:
        keep(administrator)
    return Viewer(administrator, claims.partner_id, claims.expires_at)


async def load_administrator(client: Client, claims: Claims, now: datetime) -> AdministratorDocument:
    """Return the active administrator of a token; an invited one becomes active.

    Raise AdministratorNotActive, or TokenOlderThanInvitation where the administrator was invited, perhaps again, after
    the token was issued: it is of somebody who had been removed, or had no access yet.
    """
    administrators = Administrators(Scope(client, claims.partner_id, now))
    administrator = await _find_administrator(administrators, claims)
    if administrator is not None and administrator.state is AdministratorState.INVITED:
        _check_age(claims, administrator)
        # None where another request or a removal was first: read the current state.
        activated = await administrators.activate(administrator.id, claims.issued_at)
        administrator = activated or await _find_administrator(administrators, claims)
    if administrator is None or administrator.state is not AdministratorState.ACTIVE:
        raise AdministratorNotActive
    _check_age(claims, administrator)
    return administrator


async def _find_administrator(administrators: Administrators, claims: Claims) -> AdministratorDocument | None:
    if claims.administrator_id is not None:
        return await administrators.find(claims.administrator_id)
    return None if claims.email is None else await administrators.by_email(claims.email)


def _check_age(claims: Claims, administrator: AdministratorDocument) -> None:
    if administrator.invited_at is not None and claims.issued_at < administrator.invited_at:
        raise TokenOlderThanInvitation


def _is_sign_in_due(administrator: AdministratorDocument, now: datetime) -> bool:
    """Return whether the sign-in is recorded again, at most once a minute."""
    last = administrator.last_sign_in_at
    return last is None or last <= now - SIGN_IN_INTERVAL


def _record_sign_in(client: Client, partner_id: str, administrator: AdministratorDocument, now: datetime) -> None:
    """Record the sign-in without delaying the request."""
    task = asyncio.create_task(record_sign_in(Scope(client, partner_id, now), administrator.id))
    _sign_in_tasks.add(task)
    task.add_done_callback(_sign_in_tasks.discard)


def viewer_scope(client: Client, viewer: Viewer, now: datetime) -> Scope:
    """Return the scope of the viewer at this moment."""
    administrator = viewer.administrator
    return Scope(client, viewer.partner_id, now, administrator_id=administrator.id, role=administrator.role)
