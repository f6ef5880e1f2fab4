"""GET /launch/{token}: redirect to a customer's console once; otherwise show a page that states why not."""

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from domain.partner.launch import LaunchReference, build_console_url, verify_launch_token
from server.app.app_state import AppState
from server.graphql.errors import exception_error
from server.http.html_pages import ADDRESS_HEADERS, failure_page, message_page
from store.organization.launches import is_redeemable, redeem

_UNKNOWN: Final = (
    404,
    "This address opens nothing",
    "This server did not create it, or a part of it is missing. "
    "Go back to the partner hub, and launch the customer from there.",
)
_EXPIRED: Final = (
    410,
    "This address no longer works",
    "It opens a customer's console once, within five minutes after its creation. It was used, or it has expired. "
    "Go back to the partner hub, and launch the customer again.",
)
_AGAIN: Final = "Please open the address again."
_ANOTHER: Final = "Please open the address again, or ask for a new one."


async def launch(request: Request) -> Response:
    """Redeem the launch and redirect (303); HEAD, which programs use to preview, does neither."""
    app_state: AppState = request.app.state.app_state
    name = verify_launch_token(app_state.installation.launch_secrets, request.path_params["token"])
    if name is None:
        return message_page(*_UNKNOWN)
    try:
        respond = _check_launch if request.method == "HEAD" else _redirect_to_console
        async with app_state.client.outages.limit_request():
            return await respond(app_state, name)
    except Exception as failure:  # noqa: BLE001  The outermost place: nothing internal may reach the caller.
        return failure_page(exception_error(failure)["extensions"]["code"], _AGAIN, _ANOTHER)


async def _check_launch(app_state: AppState, name: LaunchReference) -> Response:
    return Response(headers=ADDRESS_HEADERS) if await is_redeemable(app_state.client, name) else message_page(*_EXPIRED)


async def _redirect_to_console(app_state: AppState, name: LaunchReference) -> Response:
    external_id = await redeem(app_state.client, name)
    if external_id is None:
        return message_page(*_EXPIRED)
    return RedirectResponse(build_console_url(app_state.settings.console_url, external_id), 303, ADDRESS_HEADERS)


routes = [Route("/launch/{token:path}", launch, methods=["GET"])]
