"""/unsubscribe/{token}: the address in the e-mails of an alert rule. POST pauses it, without a sign-in (RFC 8058).

GET shows a page with one button, because programs open the addresses of e-mails to check them.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.integrations.mail_addresses import verify_unsubscribe_token
from server.app.app_state import AppState
from server.graphql.errors import exception_error
from server.http.html_pages import failure_page, form_page, message_page
from store.integrations.alert_rule_changes import pause_rule

_UNKNOWN: Final = (
    404,
    "This address stops nothing",
    "This server did not create it, a part of it is missing, or the alert rule was deleted.",
)
_TITLE: Final = "Pause this alert rule?"
_SENTENCE: Final = "It then opens no alerts and sends no e-mail, until it is resumed on the page of the alerts."
_PAUSED: Final = (
    200,
    "The alert rule is paused",
    "It opens no alerts and sends no e-mail. The page of the alerts can let it go on.",
)


async def unsubscribe(request: Request) -> Response:
    """Ask whether to pause the rule (GET), or pause it (POST), also where it is paused already."""
    app_state: AppState = request.app.state.app_state
    reference = verify_unsubscribe_token(app_state.installation.launch_secrets, request.path_params["token"])
    if reference is None:
        return message_page(*_UNKNOWN)
    if request.method != "POST":
        return form_page(_TITLE, _SENTENCE, "Pause it")
    try:
        async with app_state.client.outages.limit_request():
            is_paused = await pause_rule(app_state.client, reference)
    except Exception as failure:  # noqa: BLE001  The outermost place: nothing internal may reach the caller.
        return failure_page(exception_error(failure)["extensions"]["code"], "Please try it again.")
    return message_page(*(_PAUSED if is_paused else _UNKNOWN))


routes: Final = [Route("/unsubscribe/{token:path}", unsubscribe, methods=["GET", "POST"])]
