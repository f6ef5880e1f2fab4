"""The endpoints of the development sign-in: discovery, keys, authorization with a choice of administrators, tokens.

The authorization code flow with PKCE: a page sends the browser to `authorize`; the user chooses an administrator; the
browser returns to the page with a code; the page exchanges it at `token`. The tokens are those of the local issuer.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final
from urllib.parse import parse_qsl

from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from structlog import get_logger

from domain.paging import PageRequest
from domain.types import AdministratorState
from server.app.app_state import AppState
from server.app.page_sign_in import DEVELOPMENT_PATH as PATH
from server.app.settings import Settings
from server.auth.tokens import ALGORITHM
from server.development_issuer.authorization_requests import (
    InvalidRequest,
    RedirectedError,
    add_parameters,
    is_accepted_redirect,
    parse_authorization_request,
)
from server.development_issuer.codes import AuthorizationCodes, InvalidGrant, Proof
from server.development_issuer.loopback import is_local_request
from server.development_issuer.pages import choice_page, problem_page
from server.development_issuer.tokens import token_response
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.administrators import AdministratorDocument, Administrators
from store.tenants.partners import Partners

MAX_FORM_BYTES: Final = 16_384
MAX_ADMINISTRATORS: Final = 100
_NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_REMOTE: Final = "The development sign-in serves this machine only: open the page by its address on 127.0.0.1."
Pairs = Sequence[tuple[str, str]]
_log = get_logger()


class DevelopmentIssuer(Struct):
    """The sign-in of one partner; its codes are in memory, so one process serves it."""

    partner_id: str
    codes: AuthorizationCodes = field(default_factory=AuthorizationCodes)

    async def discovery(self, request: Request) -> Response:
        """Return the metadata of the authorization server (RFC 8414)."""
        issuer = _issuer_of(request)
        metadata = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "end_session_endpoint": f"{issuer}/end-session",
            "jwks_uri": f"{issuer}/jwks",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "scopes_supported": ["openid", "profile", "email"],
            "authorization_response_iss_parameter_supported": True,
        }
        return JSONResponse(metadata, headers=_NO_STORE)

    async def jwks(self, request: Request) -> Response:
        """Return the public keys of the installation."""
        keys = [{**key, "use": "sig", "alg": ALGORITHM} for key in _app_state(request).keys.public]
        return JSONResponse({"keys": keys}, headers=_NO_STORE)

    async def authorize(self, request: Request) -> Response:
        """Show the administrators; POST is the choice, and returns to the client with a code."""
        pairs = await _read_form(request) if request.method == "POST" else request.query_params.multi_items()
        try:
            asked = parse_authorization_request(pairs, _origins(request))
        except InvalidRequest as problem:
            return problem_page(400, str(problem))
        except RedirectedError as error:
            return _redirect(error.location)
        scope = Scope(_app_state(request).client, self.partner_id, utc_now())
        if request.method == "GET":
            partner = await Partners(scope).get()
            return choice_page(asked, partner.name if partner else self.partner_id, await _list_administrators(scope))
        # A page of another site must not choose in the user's name.
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return problem_page(403, "The choice was sent by a page of another site.")
        administrator = await _find_administrator(scope, asked.get("administrator"))
        if administrator is None:
            return _redirect(asked.location(error="access_denied", error_description="Nobody was chosen."))
        code = self.codes.issue(asked, administrator.id, scope.now)
        return _redirect(asked.location(code=code, iss=_issuer_of(request)))

    async def token(self, request: Request) -> Response:
        """Exchange a code for tokens."""
        pairs = await _read_form(request)
        form, app_state = dict(pairs), _app_state(request)
        if len(form) < len(pairs):
            return _token_error("invalid_request", "A parameter was sent twice.")
        if form.get("grant_type") != "authorization_code":
            return _token_error("unsupported_grant_type", "grant_type must be authorization_code.")
        scope = Scope(app_state.client, self.partner_id, utc_now())
        code, *proof = (form.get(name, "") for name in ("code", "client_id", "redirect_uri", "code_verifier"))
        try:
            grant = self.codes.redeem(code, Proof(*proof), scope.now)
        except InvalidGrant as problem:
            return _token_error("invalid_grant", str(problem))
        administrator = await _find_administrator(scope, grant.administrator_id)
        if administrator is None:
            return _token_error("invalid_grant", "The administrator was removed.")
        lifetime = timedelta(seconds=app_state.settings.token_seconds)
        made = (self.partner_id, administrator, grant, scope.now, lifetime)
        return JSONResponse(token_response(app_state.keys.signing, _issuer_of(request), *made), headers=_NO_STORE)

    async def end_session(self, request: Request) -> Response:
        """Return to the client: there is no session that would have to end."""
        target = request.query_params.get("post_logout_redirect_uri", "")
        if not is_accepted_redirect(target, _origins(request)):
            return problem_page(400, "post_logout_redirect_uri is missing or not of an accepted origin.")
        return _redirect(add_parameters(target, {"state": request.query_params.get("state", "")}))

    def routes(self) -> list[Route]:
        """Return the routes; each answers programs on this machine only."""
        endpoints: list[tuple[str, Endpoint, list[str]]] = [
            ("/.well-known/openid-configuration", self.discovery, ["GET"]),
            ("/jwks", self.jwks, ["GET"]),
            ("/authorize", self.authorize, ["GET", "POST"]),
            ("/token", self.token, ["POST"]),
            ("/end-session", self.end_session, ["GET"]),
        ]
        return [Route(f"{PATH}{path}", partial(_serve_locally, run), methods=names) for path, run, names in endpoints]


def development_routes(settings: Settings) -> list[Route]:
    """Return the routes of the partner that the setting names; log that it is on."""
    _log.warning(
        "development sign-in is on: every program on this machine can act as any administrator of the partner",
        partner=settings.development_sign_in,
        setting="PARTNERHUB_DEVELOPMENT_SIGN_IN",
    )
    return DevelopmentIssuer(settings.development_sign_in).routes()


Endpoint = Callable[[Request], Awaitable[Response]]


async def _serve_locally(endpoint: Endpoint, request: Request) -> Response:
    return await endpoint(request) if is_local_request(request) else problem_page(403, _REMOTE)


def _app_state(request: Request) -> AppState:
    app_state: AppState = request.app.state.app_state
    return app_state


def _issuer_of(request: Request) -> str:
    """Return the address of the issuer, by the loopback name that the browser uses."""
    return f"http://{request.headers['host']}{PATH}"


def _origins(request: Request) -> frozenset[str]:
    return _app_state(request).settings.origins | {f"http://{request.headers['host']}"}


async def _list_administrators(scope: Scope) -> Sequence[AdministratorDocument]:
    listing = await Administrators(scope).listing(None, None, None)
    return (await listing.page(PageRequest(MAX_ADMINISTRATORS))).rows


async def _find_administrator(scope: Scope, id_: str) -> AdministratorDocument | None:
    administrator = await Administrators(scope).find(id_)
    is_removed = administrator is None or administrator.state is AdministratorState.DEACTIVATED
    return None if is_removed else administrator


async def _read_form(request: Request) -> Pairs:
    """Return the fields of a form; none where it is too long or not text, so that a required field is missing."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            return []
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return []


def _redirect(location: str) -> Response:
    return RedirectResponse(location, 303, {**_NO_STORE, "Referrer-Policy": "no-referrer"})


def _token_error(code: str, description: str) -> Response:
    return JSONResponse({"error": code, "error_description": description}, 400, _NO_STORE)
