"""GET /export/{token}: stream the file of an export once; otherwise show a page that states why not."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Send
from structlog import get_logger

from domain.failures import AdministratorNotActive
from domain.integrations.exports import ExportReference, verify_export_token
from domain.rate_limits import RateLimited
from execution.turns import TURNS
from jobs.integrations.export_files import FILE_TYPES
from resolvers.context import Viewer
from server.app.app_state import AppState
from server.exports.lists import build_list
from server.exports.stream import ExportFailed, stream_file
from server.graphql.errors import exception_error
from server.graphql.operation import Operation
from server.graphql.operations import GraphQLResponse
from server.http.html_pages import ADDRESS_HEADERS, failure_page, message_page
from store.database.clock import utc_now
from store.database.scope import Scope
from store.integrations.exports import RedeemedExport, find_reader, is_redeemable, redeem
from store.tenants.administrators import AdministratorDocument

_UNKNOWN: Final = (
    404,
    "This address opens nothing",
    "This server did not create it, or a part of it is missing. Go back to the partner hub, and export from there.",
)
_EXPIRED: Final = (
    410,
    "This address no longer works",
    "It streams a file once, within five minutes after its creation. It was used, or it has expired. "
    "Go back to the partner hub, and export again.",
)
# Of the viewer of one page. The next page finds the administrator again.
_PAGE_LIFETIME: Final = timedelta(minutes=1)
# What an export leaves of each budget to other requests.
_LEFT_SHARE: Final = 0.5
_log = get_logger("partnerhub.exports")


async def export(request: Request) -> Response:
    """Use the export up and stream its file; HEAD, which programs use to preview, does neither."""
    app_state: AppState = request.app.state.app_state
    reference = verify_export_token(app_state.installation.launch_secrets, request.path_params["token"])
    if reference is None:
        return message_page(*_UNKNOWN)
    try:
        async with app_state.client.outages.limit_request():
            return await (_check if request.method == "HEAD" else _redeem)(app_state, reference)
    except Exception as failure:  # noqa: BLE001  The outermost place: nothing internal may reach the caller.
        code = _failure_code(failure)
        return message_page(*_EXPIRED) if code == "UNAUTHENTICATED" else failure_page(code, "Please export again.")


async def _check(app_state: AppState, reference: ExportReference) -> Response:
    is_open = await is_redeemable(app_state.client, reference)
    return Response(headers=ADDRESS_HEADERS) if is_open else message_page(*_EXPIRED)


async def _redeem(app_state: AppState, reference: ExportReference) -> Response:
    redeemed = await redeem(app_state.client, reference)
    return message_page(*_EXPIRED) if redeemed is None else await _begin(app_state, reference, redeemed)


async def _begin(app_state: AppState, reference: ExportReference, redeemed: RedeemedExport) -> Response:
    """Read the first part, so that an export that cannot be read at all is answered by a page."""
    description = redeemed.description
    parts = stream_file(description, _ExportReader(app_state, reference, redeemed).execute)
    first = await anext(parts)
    file_type = FILE_TYPES[description.format]
    name = f"{build_list(description).name}-{utc_now():%Y-%m-%d}.{file_type.extension}"
    headers = {**ADDRESS_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return _StreamedFile(_with_first(first, parts), headers=headers, media_type=file_type.media_type)


class _ExportReader:
    """Executes the queries of an export for its requester, with the rights that they have at that moment."""

    def __init__(self, app_state: AppState, reference: ExportReference, redeemed: RedeemedExport) -> None:
        self._app_state, self._reference, self._redeemed = app_state, reference, redeemed

    async def execute(self, query: str, variables: Mapping[str, Any]) -> GraphQLResponse:
        """Return the answer; wait where the rate limit has no room. Raise AdministratorNotActive."""
        app_state = self._app_state
        operation = app_state.operations.prepare(query, None, variables)
        await self._charge(self._viewer_of(self._redeemed.requester), operation.cost)
        async with app_state.request_priority.limit_export_pages(self._reference.partner_id):
            # The rights of this moment: the waits may have taken minutes.
            return await self._execute(operation, variables, await self._find_viewer())

    async def _execute(self, operation: Operation, variables: Mapping[str, Any], viewer: Viewer) -> GraphQLResponse:
        app_state = self._app_state
        with TURNS.track((viewer.partner_id, viewer.administrator.id)), app_state.request_priority.track_request():
            await TURNS.wait()
            return await app_state.operations.execute(operation, variables, app_state.context(viewer))

    async def _find_viewer(self) -> Viewer:
        scope = Scope(self._app_state.client, self._reference.partner_id, utc_now())
        kind = self._redeemed.description.kind
        administrator = await find_reader(scope, self._redeemed.requester.id, kind)
        if administrator is None:
            raise AdministratorNotActive
        return self._viewer_of(administrator)

    def _viewer_of(self, administrator: AdministratorDocument) -> Viewer:
        language = self._redeemed.description.language
        return Viewer(administrator, self._reference.partner_id, utc_now() + _PAGE_LIFETIME, language)

    async def _charge(self, viewer: Viewer, cost: int) -> None:
        """Charge a page. Wait where more than half of a budget is spent, so that the viewer can still do other work."""
        while True:
            try:
                charge = await self._app_state.rate_limiter.charge(viewer, cost)
            except RateLimited as limited:
                await asyncio.sleep(limited.retry_after)
            else:
                waits = [state.seconds_until(_LEFT_SHARE * state.limit.capacity) for state in charge.states]
                await asyncio.sleep(max(waits, default=0.0))
                return


class _StreamedFile(StreamingResponse):
    """A file whose connection is closed before its end where it cannot be read to its end."""

    async def stream_response(self, send: Send) -> None:
        try:
            await super().stream_response(send)
        except Exception as failure:  # noqa: BLE001  The response has begun: there is nobody to tell but the log.
            _log.warning("an export ended early", code=_failure_code(failure))


def _failure_code(failure: Exception) -> str:
    if isinstance(failure, ExportFailed):
        return str(failure.errors[0]["extensions"]["code"])
    return str(exception_error(failure)["extensions"]["code"])


async def _with_first(first: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in parts:
        yield part


routes = [Route("/export/{token:path}", export, methods=["GET"])]
