"""POST /import/{kind}: import a stream of lines as it arrives, and return the counts."""

from collections.abc import AsyncIterator
from functools import partial
from time import monotonic
from typing import Any

import orjson
from msgspec import Struct, field
from msgspec.structs import asdict
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from structlog import get_logger

from domain.failures import InvalidStream
from domain.imports.records import ImportKind
from jobs.imports.pacing import CheckAccess, split_pieces
from jobs.imports.records import RejectedRecord
from jobs.imports.runner import ImportSummary, import_stream
from jobs.imports.streams import BrokenGzip
from server.app.app_state import AppState
from server.auth.claims import IMPORT_ADMINISTRATORS_SCOPE, IMPORT_SCOPE
from server.auth.viewer import read_bearer_token
from server.graphql.errors import exception_error
from server.http.import_body import ImportBody, ImportHttpError
from server.http.methods import routes_at
from server.telemetry.operation_metrics import IMPORTED_RECORDS
from store.database.clock import utc_now
from store.database.scope import Scope

MAX_LISTED_REJECTIONS = 100
# A file of another kind, or with a wrong id in each record, ends early.
MAX_REFUSED_AT_THE_BEGINNING = 1_000
_ALL_REFUSED = "Every record until here was refused, and the rest was not read: correct the records."
_TOO_MANY = "This server receives {most} imports of the partner at the moment, the most at once: try again later."
_RETRY_SECONDS = 10
_log = get_logger("partnerhub.imports")
_STATUSES = {"UNAUTHENTICATED": 401, "UNAVAILABLE": 503, "TIMEOUT": 503}


class _Progress(Struct):
    """What an import has done so far, and for whom; `partner_id` is empty before its token is accepted."""

    summary: ImportSummary = field(default_factory=ImportSummary)
    partner_id: str = ""
    administrator_id: str = ""

    rejections: list[dict[str, Any]] = field(default_factory=list)

    def set_summary(self, summary: ImportSummary) -> None:
        self.summary = summary

    def add_rejection(self, rejection: RejectedRecord) -> None:
        if len(self.rejections) < MAX_LISTED_REJECTIONS:
            self.rejections.append(_rejection_json(rejection))

    async def check(self, body: ImportBody) -> AsyncIterator[bytes]:
        """Yield small pieces of the body; raise ImportHttpError where the records before one end the import."""
        async for chunk in body.chunks():
            for piece in split_pieces(chunk):
                body.check_lines(self.summary.lines)
                if self.summary.refused == self.summary.lines >= MAX_REFUSED_AT_THE_BEGINNING:
                    raise ImportHttpError(400, "BAD_USER_INPUT", _ALL_REFUSED)
                yield piece


async def import_kind(request: Request) -> Response:
    """Import the lines; return 200 with the counts and the first 100 rejections, even if lines were rejected."""
    started_at, progress = monotonic(), _Progress()
    response = await _import(request, progress)
    if progress.partner_id:
        _report(request.path_params["kind"], progress, response.status_code, monotonic() - started_at)
    return response


async def _import(request: Request, progress: _Progress) -> Response:
    try:
        kind = _read_kind(request)
        scope, check_access = await _authorize(request, kind, progress)
        app_state: AppState = request.app.state.app_state
        most = app_state.settings.limit_imports
        with app_state.running_imports.track(scope.partner_id, most) as has_room:
            if not has_room:
                raise ImportHttpError(429, "RATE_LIMITED", _TOO_MANY.format(most=most))
            chunks = progress.check(ImportBody(request, app_state.settings))
            progress.set_summary(
                await import_stream(scope, kind, chunks, progress.add_rejection, progress.set_summary, check_access)
            )
    except ImportHttpError as error:
        return _error_response(error.status, error.code, str(error), progress)
    except ClientDisconnect:
        # The client cannot read this response. Complete batches are imported, and it can safely send them again.
        return _error_response(400, "BAD_USER_INPUT", "The body ended early.", progress)
    except (BrokenGzip, InvalidStream) as error:
        return _error_response(400, "BAD_USER_INPUT", str(error), progress)
    except Exception as failure:  # noqa: BLE001  The outermost place: nothing internal may reach the caller.
        entry = exception_error(failure)
        code = entry["extensions"]["code"]
        return _error_response(_STATUSES.get(code, 500), code, entry["message"], progress)
    return _json_response(200, {**asdict(progress.summary), "refusals": progress.rejections})


def _report(kind: str, progress: _Progress, status: int, seconds: float) -> None:
    """Count the records, and log one line for the import."""
    counts = asdict(progress.summary)
    for result, count in counts.items():
        IMPORTED_RECORDS.labels(kind, result).inc(count)
    identity = {"partner": progress.partner_id, "administrator": progress.administrator_id}
    _log.info("import", **identity, kind=kind, status=status, milliseconds=round(seconds * 1000, 1), **counts)


def _read_kind(request: Request) -> ImportKind:
    try:
        return ImportKind(request.path_params["kind"])
    except ValueError:
        raise ImportHttpError(404, "NOT_FOUND", f"There is no such kind; kinds are {', '.join(ImportKind)}.") from None


async def _authorize(request: Request, kind: ImportKind, progress: _Progress) -> tuple[Scope, CheckAccess]:
    """Return the scope of the token's partner, without an administrator, and the check that is repeated later.

    An invited administrator becomes active.
    Raise ImportHttpError where the token lacks the scope, Unauthenticated where it may not be used.
    """
    app_state: AppState = request.app.state.app_state
    claims = await app_state.verify_token(read_bearer_token(request.headers.get("authorization")))
    required = IMPORT_ADMINISTRATORS_SCOPE if kind is ImportKind.ADMINISTRATORS else IMPORT_SCOPE
    if required not in claims.scopes:
        raise ImportHttpError(403, "FORBIDDEN", f"This token does not have the scope {required}.")
    await app_state.recheck(claims)
    progress.partner_id, progress.administrator_id = claims.partner_id, claims.administrator_id or ""
    return Scope(app_state.client, claims.partner_id, utc_now()), partial(app_state.recheck, claims)


def _rejection_json(rejection: RejectedRecord) -> dict[str, Any]:
    return {"line": rejection.line, "key": rejection.key, "field": rejection.field, "reason": rejection.reason}


def _error_response(status: int, code: str, message: str, progress: _Progress) -> Response:
    """Return an error, with the counts and rejections of the records before it: what they added and changed stays."""
    summary, content = progress.summary, {}
    if summary.lines:
        message += f" The first {summary.lines:,} records were processed: send the others again."
        content["refusals"] = progress.rejections
    return _json_response(status, {"error": {"code": code, "message": message}, **asdict(summary), **content})


def _json_response(status: int, content: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 429:
        headers["Retry-After"] = str(_RETRY_SECONDS)
    if status in {400, 408, 413, 429}:
        # The rest of the body is not read.
        headers["Connection"] = "close"
    return Response(orjson.dumps(content), status, headers, "application/json")


routes = routes_at("/import/{kind}", import_kind, "POST")
