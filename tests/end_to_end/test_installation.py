"""Settings of an installation: the console of launches, the public address, and the helpdesk."""

import asyncio
from typing import Any

import httpx

from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.server_process import PARTNER, ServerHarness
from tests.store.factory_customers import add_customer
from tests.websocket_client import connect_websocket

LAUNCH = "mutation($id: ID!) { launchCustomer(input: {customer: $id}) { url userErrors { code } } }"


def make_partner_and_customer(mongo_uri: str, database_name: str, **settings: Any) -> tuple[ServerHarness, str]:
    """Create a partner that has accepted the terms, and a customer; return the harness and the customer's id."""
    harness = ServerHarness(mongo_uri, database_name, **settings)
    harness.make_partner()

    async def prepare() -> str:
        client = Client(mongo_uri, database_name)
        try:
            scope = Scope(client, PARTNER, utc_now())
            accepted = {"$set": {"terms_accepted_at": scope.now}}
            await scope.collection("partners").update_one(scope.match(), accepted)
            return await add_customer(scope, "ORG/1")
        finally:
            await client.close()

    return harness, asyncio.run(prepare())


def launch_customer(harness: ServerHarness, customer: str) -> str:
    payload: dict[str, Any] = harness.query(LAUNCH, id=customer)["data"]["launchCustomer"]
    assert payload["userErrors"] == []
    return str(payload["url"])


def test_a_launch_of_one_server_opens_once_at_another(mongo_uri: str, database_name: str) -> None:
    harness, customer = make_partner_and_customer(
        mongo_uri, database_name, console_url="https://console.example/{externalId}/home"
    )
    with harness.start_server() as first, harness.start_server() as second:
        url = launch_customer(harness, customer)
        assert url.startswith(f"{first.url}/launch/")
        opened = httpx.get(url.replace(first.url, second.url), verify=False)
        assert (opened.status_code, opened.headers["location"]) == (303, "https://console.example/ORG%2F1/home")
        assert httpx.get(url, verify=False).status_code == 410


def test_feeds_deliver_a_launch(mongo_uri: str, database_name: str) -> None:
    harness, customer = make_partner_and_customer(mongo_uri, database_name)
    with harness.start_server() as server, connect_websocket(server.url, harness.token()) as widget:
        widget.subscribe("subscription { customerListChanged { kind customerId customer { version } } }")
        url = launch_customer(harness, customer)
        change = widget.next()["customerListChanged"]
        assert change == {"kind": "UPDATED", "customerId": customer, "customer": {"version": 2}}
        assert httpx.get(url, verify=False).status_code == 303
        assert widget.next()["customerListChanged"] == {**change, "customer": {"version": 3}}


def test_the_public_address_and_the_helpdesk_are_settings(mongo_uri: str, database_name: str) -> None:
    helpdesk = {"helpdesk_name": "Nova care", "helpdesk_phone": "+49 30 1", "helpdesk_hours": "Mo–Fr 8–18"}
    harness, customer = make_partner_and_customer(
        mongo_uri, database_name, public_url="https://hub.example/", **helpdesk
    )
    with harness.start_server():
        assert launch_customer(harness, customer).startswith("https://hub.example/launch/")
        contact = harness.query("{ helpdesk { name phone email hours } }", role="HELPDESK_ADMINISTRATOR")["data"]
        assert contact["helpdesk"] == {
            "name": "Nova care",
            "phone": "+49 30 1",
            "email": None,
            "hours": "Mo–Fr 8–18",
        }
