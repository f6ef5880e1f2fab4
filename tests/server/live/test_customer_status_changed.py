"""customerStatusChanged over the real application: which changes each viewer receives."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import uvicorn
import websockets

from domain.types import ActivityKind, PartnerRole
from server.app.app_state import AppState
from server.app.settings import Settings
from server.application import create_application
from server.auth.tokens import sign_token
from server.live.protocol import SUBPROTOCOL
from server.live.socket_transport import SocketTransport
from store.changes.customer_batch import CustomerBatch, change_customers
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.events.log import EventDraft, event_document
from tests.api_server import administrator_document
from tests.installation_keys import KEYS, SIGNING_KEY_SETTING
from tests.server.live.socket_server import Socket
from tests.store.factory_customers import add_customer, partner_scope, subscription

CHANGES = """subscription($filter: CustomerFilter, $status: [CustomerStatus!], $after: String) {
  customerStatusChanged(filter: $filter, status: $status, after: $after) {
    cursor entered left statuses customer { externalId statuses }
  }
}"""


@dataclass
class RunningPartner:
    """A partner in a running server; changes are made through the store's one write path."""

    scope: Scope
    address: str
    app_state: AppState

    async def administrator(self, role: str) -> str:
        document = administrator_document(self.scope, PartnerRole(role))
        await self.scope.collection("administrators").insert_many([document])
        return str(document["_id"])

    async def assign_licenses(self, external_id: str, assigned: int, **facts: Any) -> None:
        """Assign licences of a total of ten; more are LICENSE_OVERAGE."""
        lines = [{"product": "MEETINGS", "total": 10, "assigned": assigned, "used": 3, "day": None}]

        async def body(batch: CustomerBatch) -> None:
            work = batch.changes[0]
            if facts:
                work.update_customer(facts)
            work.update_entitlement(f"S-{external_id}", {"licenses": lines})

        await change_customers(self.scope, {"external_id": external_id}, body)

    async def add(self, external_id: str, *entitlements: Any, **facts: Any) -> str:
        """Add a customer, with a subscription if no other entitlements are given; what follows is later in the feed."""
        held = entitlements or [subscription(f"S-{external_id}")]
        id_ = await add_customer(self.scope, external_id, *held, **facts)
        written = self.scope.client.last_commit
        assert written
        async with asyncio.timeout(30):
            while self.app_state.feed.position.time < written:
                await asyncio.sleep(0.01)
        return id_

    async def token(self, administrator_id: str) -> str:
        return sign_token(KEYS.signing, self.scope.partner_id, administrator_id, utc_now())

    async def socket(self, administrator_id: str) -> Socket:
        """Return an initialised socket of the administrator; the end of the test closes it."""
        token = await self.token(administrator_id)
        socket = Socket(await websockets.connect(self.address, subprotocols=[SUBPROTOCOL], close_timeout=0.1))  # type: ignore[list-item]
        await socket.initialise(token)
        return socket


@pytest.fixture
async def partner(mongo_uri: str, prepared_database: str) -> AsyncIterator[RunningPartner]:
    settings = Settings(mongodb_uri=mongo_uri, database=prepared_database, ring_minutes=1, **SIGNING_KEY_SETTING)
    application = create_application(settings)
    server = uvicorn.Server(uvicorn.Config(application, port=0, ws=SocketTransport, log_level="error"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(30):
        while not server.started:
            await asyncio.sleep(0.01)
    client = Client(mongo_uri, prepared_database)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield RunningPartner(await partner_scope(client), f"ws://127.0.0.1:{port}/graphql", application.state.app_state)
    server.should_exit = True
    await serving
    await client.close()


async def follow(socket: Socket, id_: str = "1", **variables: Any) -> None:
    """Subscribe, and wait until the server has accepted it."""
    await socket.subscribe(id_, CHANGES, **variables)
    await socket.subscribe("accepted", "{ feedCursor }")
    while await socket.receive() != {"id": "accepted", "type": "complete"}:
        pass


async def next_change(socket: Socket) -> tuple[str, Mapping[str, Any]]:
    message = await socket.receive()
    assert message["type"] == "next", message
    assert "errors" not in message["payload"], message
    change: Mapping[str, Any] = message["payload"]["data"]["customerStatusChanged"]
    return change["customer"]["externalId"], change


def assigned_to(administrator_id: str, expires_at: datetime | None = None) -> dict[str, Any]:
    held = {"administrator_id": administrator_id, "assigned_at": datetime(2026, 1, 1), "assigned_by": None}
    return {"assignments": [{**held, "expires_at": expires_at, "imported": True}]}


async def test_delivers_customers_that_matched_before_or_after(partner: RunningPartner) -> None:
    socket = await partner.socket(await partner.administrator("READ_ONLY_ADMINISTRATOR"))
    await partner.add("C-1")
    await partner.add("C-2")
    await follow(socket, filter={"status": ["LICENSE_OVERAGE"]})
    await partner.assign_licenses("C-1", 12)
    await partner.add("C-3")
    await partner.assign_licenses("C-1", 5)
    await partner.assign_licenses("C-2", 12)
    received = [await next_change(socket) for _ in range(3)]
    assert [(name, change["entered"], change["left"]) for name, change in received] == [
        ("C-1", ["LICENSE_OVERAGE"], []),
        ("C-1", [], ["LICENSE_OVERAGE"]),
        ("C-2", ["LICENSE_OVERAGE"], []),
    ]
    assert received[2][1]["statuses"] == received[2][1]["customer"]["statuses"] == ["LICENSE_OVERAGE", "SUBSCRIPTION"]


async def test_delivers_only_the_chosen_statuses(partner: RunningPartner) -> None:
    socket = await partner.socket(await partner.administrator("FULL_ADMINISTRATOR"))
    await follow(socket, status=["LICENSE_OVERAGE", "EXPIRED"])
    await partner.add("C-1")
    await partner.assign_licenses("C-1", 12)
    assert (await next_change(socket))[1]["entered"] == ["LICENSE_OVERAGE"]


async def test_filters_by_name_country_and_product(partner: RunningPartner) -> None:
    socket = await partner.socket(await partner.administrator("FULL_ADMINISTRATOR"))
    await follow(socket, "name", filter={"search": "dord"})
    await follow(socket, "place", filter={"not": {"country": ["DE"]}, "anyOf": [{"product": "MEETINGS"}]})
    await partner.add("C-1", name="Đorđević", country="DE")
    await partner.add("C-2", name="Other", country="FR")
    messages = [await socket.receive() for _ in range(2)]
    names = {m["id"]: m["payload"]["data"]["customerStatusChanged"]["customer"]["externalId"] for m in messages}
    assert names == {"name": "C-1", "place": "C-2"}


@pytest.mark.parametrize("given", [{"expiresWithinDays": 5}, {"anyOf": [{"not": {"expiresWithinDays": 5}}]}])
async def test_rejects_conditions_whose_result_time_changes(partner: RunningPartner, given: dict[str, Any]) -> None:
    socket = await partner.socket(await partner.administrator("FULL_ADMINISTRATOR"))
    await socket.subscribe("1", CHANGES, filter=given)
    answer = await socket.receive()
    assert answer["type"] == "error"
    assert answer["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_delivers_only_visible_customers_to_an_assigned_administrator(partner: RunningPartner) -> None:
    me, colleague = await partner.administrator("ADMINISTRATOR"), await partner.administrator("ADMINISTRATOR")
    socket = await partner.socket(me)
    await partner.add("C-MINE", **assigned_to(me))
    await partner.add("C-THEIRS", **assigned_to(colleague))
    await partner.add("C-NOBODYS")
    await partner.add("C-LOST", **assigned_to(me))
    await partner.add("C-EXPIRED", **assigned_to(me, utc_now() + timedelta(milliseconds=1)))
    await follow(socket)
    for external_id in ("C-THEIRS", "C-NOBODYS", "C-EXPIRED"):
        await partner.assign_licenses(external_id, 12)
    await partner.assign_licenses("C-LOST", 12, assignments=[])
    await partner.assign_licenses("C-NOBODYS", 5, **assigned_to(me))
    await partner.assign_licenses("C-MINE", 12)
    assert [(await next_change(socket))[0] for _ in range(2)] == ["C-NOBODYS", "C-MINE"]


async def test_a_resumed_feed_omits_customers_that_are_no_longer_visible(partner: RunningPartner) -> None:
    me = await partner.administrator("ADMINISTRATOR")
    await partner.add("C-1", **assigned_to(me))
    await partner.add("C-2", **assigned_to(me))
    socket = await partner.socket(me)
    await socket.subscribe("cursor", "{ feedCursor }")
    cursor = (await socket.receive())["payload"]["data"]["feedCursor"]
    assert (await socket.receive())["type"] == "complete"
    await partner.assign_licenses("C-1", 12)
    await partner.assign_licenses("C-2", 12)
    await partner.assign_licenses("C-1", 12, assignments=[])
    await socket.subscribe("1", CHANGES, after=cursor)
    assert (await next_change(socket))[0] == "C-2"


async def change_administrator(partner: RunningPartner, me: str, **changes: list[str]) -> None:
    where, after = {**partner.scope.match(), "_id": me}, {name: values[1] for name, values in changes.items()}
    await partner.scope.collection("administrators").update_one(where, {"$set": after})
    shared = {"customer_id": None, "actor_id": None, "facts_before": None, "facts_after": None}
    note = EventDraft(ActivityKind.ADMINISTRATOR_CHANGED, me, "Changed", changes)
    event = event_document(partner.scope.partner_id, utc_now(), shared, note)
    await partner.scope.collection("events").insert_many([event])


async def test_a_change_of_role_ends_the_socket(partner: RunningPartner) -> None:
    me = await partner.administrator("FULL_ADMINISTRATOR")
    socket = await partner.socket(me)
    await follow(socket)
    await change_administrator(partner, me, role=["FULL_ADMINISTRATOR", "HELPDESK_ADMINISTRATOR"])
    assert await socket.closed() == (4403, "Your access has changed: connect again.")


async def test_an_operation_of_a_deactivated_viewer_closes_the_socket(partner: RunningPartner) -> None:
    me = await partner.administrator("FULL_ADMINISTRATOR")
    socket = await partner.socket(me)
    await change_administrator(partner, me, state=["ACTIVE", "DEACTIVATED"])
    # The change itself may have closed the socket before.
    with suppress(websockets.ConnectionClosed):
        await socket.subscribe("1", CHANGES)
    assert (await socket.closed())[0] == 4403
