"""The address in e-mails: a page that asks, and one click that pauses the rule."""

from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette

from domain.integrations.mail_addresses import MailAddresses, UnsubscribeReference
from domain.types import PartnerRole
from resolvers.installation import Installation
from server.app.app_state import AppState
from server.http.unsubscribe import routes
from store.database.client import Client
from store.database.scope import Scope
from tests.api_server import administrator_document
from tests.store.factory_alerts import add_alert_rule
from tests.store.factory_customers import partner_scope

SECRET = b"s" * 32


@pytest.fixture
async def scope(mongo_uri: str, prepared_database: str) -> AsyncIterator[Scope]:
    client = Client(mongo_uri, prepared_database)
    yield await partner_scope(client)
    await client.close()


async def _ask(client: Any, method: str, address: str, **form: str) -> httpx.Response:
    application = Starlette(routes=routes)
    unused = cast(Any, None)
    installation = Installation(launch_secrets=(SECRET,))
    application.state.app_state = AppState(unused, client, unused, unused, unused, unused, unused, installation)
    async with httpx.AsyncClient(
        verify=False, transport=httpx.ASGITransport(application), base_url="http://hub.example"
    ) as http:
        return await http.request(method, address, data=form or None)


def _address(scope: Scope, rule_id: str) -> str:
    return MailAddresses("", SECRET).unsubscribe(UnsubscribeReference(scope.partner_id, rule_id))


async def test_the_page_asks_and_one_click_pauses(scope: Scope) -> None:
    owner = administrator_document(scope, PartnerRole.FULL_ADMINISTRATOR)
    await scope.collection("administrators").insert_many([owner])
    waiting = {"message_id": "eml_1", "first_at": scope.now, "due_at": scope.now, "sent_at": scope.now}
    rule = await add_alert_rule(scope, owner["_id"], email=True, mail=waiting)
    address = _address(scope, rule)
    page = await _ask(scope.client, "GET", address)
    assert page.status_code == 200 and '<form method="post">' in page.text
    assert page.headers["cache-control"] == "no-store" and page.headers["referrer-policy"] == "same-origin"
    assert "form-action 'self'" in page.headers["content-security-policy"]
    versions, paused = [], dict[str, Any]()
    for _ in range(2):
        answer = await _ask(scope.client, "POST", address, **{"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200 and "is paused" in answer.text
        (paused,) = await scope.collection("alert_rules").find(scope.match())
        versions.append((paused["paused"], paused["version"]))
    assert versions == [(True, 2), (True, 2)]
    assert paused["mail"] == {"sent_at": scope.now} and paused["scan"] is not None
    (event,) = await scope.collection("events").find({**scope.match(), "kind": "ALERT_RULE_CHANGED"})
    assert (event["subject_id"], event["actor_id"]) == (rule, None)
    await scope.collection("alert_rules").update_one(scope.match(), {"$set": {"deleted_at": scope.now}})
    assert (await _ask(scope.client, "POST", address)).status_code == 404


async def test_an_address_that_nobody_made_stops_nothing() -> None:
    for method in ("GET", "POST"):
        answer = await _ask(None, method, "/unsubscribe/x")
        assert answer.status_code == 404 and "This address stops nothing" in answer.text
    failed = await _ask(None, "POST", MailAddresses("", SECRET).unsubscribe(UnsubscribeReference("acme", "alr_1")))
    assert failed.status_code == 500 and "Error" not in failed.text
