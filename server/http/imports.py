"""POST /import/{kind}: takes in a stream of lines as it arrives, and answers with what became of them."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from domain.failures import StreamRefused, Unauthenticated
from domain.imports.records import LineKind
from domain.types import AdministratorState
from jobs.imports.records import Refusal
from jobs.imports.runner import Summary, import_stream
from jobs.imports.streams import BrokenGzip, unzipped
from server.app.app_state import Hub
from server.auth.tokens import IMPORT_ADMINISTRATORS_SCOPE, IMPORT_SCOPE
from server.auth.viewer import bearer_token
from server.graphql.errors import exception_error
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.administrators import Administrators

SHOWN_REFUSALS = 100
_STATUSES = {"UNAUTHENTICATED": 401, "UNAVAILABLE": 503, "TIMEOUT": 503}


class ImportRefusal(Exception):
    """A request that is refused as a whole: a status, a code and a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


async def import_kind(request: Request) -> Response:
    """Answers 200 with the counts and the first refusals, also where lines were refused."""
    refusals: list[Refusal] = []
    summary = Summary()

    def keep(refusal: Refusal) -> None:
        if len(refusals) < SHOWN_REFUSALS:
            refusals.append(refusal)

    def remember(so_far: Summary) -> None:
        nonlocal summary
        summary = so_far

    try:
        kind = _kind(request)
        scope = await _scope(request, kind)
        summary = await import_stream(scope, kind, _body(request), keep, remember)
    except ImportRefusal as refused:
        return _failure(refused.status, refused.code, str(refused), summary)
    except ClientDisconnect:
        # Nobody is there to read this; what stood in whole slices until then is in, and repeating is safe.
        return _failure(400, "BAD_USER_INPUT", "The body ended early.", summary)
    except (BrokenGzip, StreamRefused) as broken:
        return _failure(400, "BAD_USER_INPUT", str(broken), summary)
    except Exception as failure:  # noqa: BLE001  The outermost place: nothing internal may reach the caller.
        error = exception_error(failure)
        code = error["extensions"]["code"]
        return _failure(_STATUSES.get(code, 500), code, error["message"], summary)
    return _answer(200, {**asdict(summary), "refusals": [_shown(refusal) for refusal in refusals]})


def _kind(request: Request) -> LineKind:
    try:
        return LineKind(request.path_params["kind"])
    except ValueError:
        raise ImportRefusal(404, "NOT_FOUND", f"There is no such kind; kinds are {', '.join(LineKind)}.") from None


async def _scope(request: Request, kind: LineKind) -> Scope:
    """The system's scope on the token's partner; the token's administrator must not have been removed."""
    hub: Hub = request.app.state.hub
    claims = hub.claims(bearer_token(request.headers.get("authorization")))
    wanted = IMPORT_ADMINISTRATORS_SCOPE if kind is LineKind.ADMINISTRATORS else IMPORT_SCOPE
    if wanted not in claims.scopes:
        raise ImportRefusal(403, "FORBIDDEN", f"This token does not have the scope {wanted}.")
    scope = Scope(hub.client, claims.partner_id, utc_now())
    administrators = Administrators(scope)
    administrator = (await administrators.by_ids([claims.administrator_id])).get(claims.administrator_id)
    if administrator is None or administrator.state is AdministratorState.DEACTIVATED:
        raise Unauthenticated("The administrator of this token does not exist or has been removed.")
    if administrator.state is AdministratorState.INVITED:
        await administrators.activate(administrator.id)
    return scope


def _body(request: Request) -> AsyncIterator[bytes]:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise ImportRefusal(415, "BAD_USER_INPUT", "Send the lines as they are, or with Content-Encoding: gzip.")
    return request.stream() if encoding == "identity" else unzipped(request.stream())


def _shown(refusal: Refusal) -> dict[str, Any]:
    return {"line": refusal.line, "key": refusal.key, "field": refusal.field, "reason": refusal.reason}


def _failure(status: int, code: str, message: str, summary: Summary) -> Response:
    """An error, and what was taken in before it."""
    return _answer(status, {"error": {"code": code, "message": message}, **asdict(summary)})


def _answer(status: int, content: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(orjson.dumps(content), status, headers, "application/json")


routes = [Route("/import/{kind}", import_kind, methods=["POST"])]
