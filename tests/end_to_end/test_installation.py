"""What an operator sets: where launches lead, under which address they are given, and how the helpdesk is reached."""

import asyncio
from typing import Any

import httpx
import pytest

from domain.failures import OperatorError
from server.app.settings import read_settings
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.app_state import PARTNER, Hub
from tests.live import live
from tests.store.factory_customers import add_customer

LAUNCH = "mutation($id: ID!) { launchCustomer(input: {customer: $id}) { url userErrors { code } } }"


def prepared(mongo_uri: str, database_name: str, **settings: str) -> tuple[Hub, str]:
    """A hub whose partner has accepted the terms, and a customer of it."""
    hub = Hub(mongo_uri, database_name, **settings)
    hub.make_partner()

    async def prepare() -> str:
        client = Client(mongo_uri, database_name)
        try:
            scope = Scope(client, PARTNER, utc_now())
            accepted = {"$set": {"terms_accepted_at": scope.now}}
            await scope.collection("partners").update_one(scope.match(), accepted)
            return await add_customer(scope, "ORG/1")
        finally:
            await client.close()

    return hub, asyncio.run(prepare())


def launched(hub: Hub, customer: str) -> str:
    payload: dict[str, Any] = hub.query(LAUNCH, id=customer)["data"]["launchCustomer"]
    assert payload["userErrors"] == []
    return str(payload["url"])


def test_a_launch_asked_of_one_server_is_opened_once_by_another(mongo_uri: str, database_name: str) -> None:
    hub, customer = prepared(mongo_uri, database_name, console_url="https://console.example/{externalId}/home")
    with hub.serving() as first, hub.serving() as second:
        url = launched(hub, customer)
        assert url.startswith(f"{first.url}/launch/")
        opened = httpx.get(url.replace(first.url, second.url))
        assert (opened.status_code, opened.headers["location"]) == (303, "https://console.example/ORG%2F1/home")
        assert httpx.get(url).status_code == 410


def test_lists_and_feeds_hear_of_a_launch(mongo_uri: str, database_name: str) -> None:
    hub, customer = prepared(mongo_uri, database_name)
    with hub.serving() as server, live(server.url, hub.token()) as widget:
        widget.subscribe("subscription { customerListChanged { kind customerId customer { version } } }")
        url = launched(hub, customer)
        asked = widget.next()["customerListChanged"]
        assert asked == {"kind": "UPDATED", "customerId": customer, "customer": {"version": 2}}
        assert httpx.get(url).status_code == 303
        assert widget.next()["customerListChanged"] == {**asked, "customer": {"version": 3}}


def test_the_public_address_and_the_helpdesk_are_settings(mongo_uri: str, database_name: str) -> None:
    helpdesk = {"helpdesk_name": "Nova care", "helpdesk_phone": "+49 30 1", "helpdesk_hours": "Mo–Fr 8–18"}
    hub, customer = prepared(mongo_uri, database_name, public_url="https://hub.example/", **helpdesk)
    with hub.serving():
        assert launched(hub, customer).startswith("https://hub.example/launch/")
        contact = hub.query("{ helpdesk { name phone email hours } }", role="HELPDESK_ADMINISTRATOR")["data"]
        assert contact["helpdesk"] == {
            "name": "Nova care",
            "phone": "+49 30 1",
            "email": None,
            "hours": "Mo–Fr 8–18",
        }


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PARTNERHUB_CONSOLE_URL", "https://admin.example.com/"),
        ("PARTNERHUB_CONSOLE_URL", "javascript:{externalId}"),
        ("PARTNERHUB_PUBLIC_URL", "hub.example"),
        ("PARTNERHUB_HELPDESK_NAME", ""),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(OperatorError, match=variable):
        read_settings()
