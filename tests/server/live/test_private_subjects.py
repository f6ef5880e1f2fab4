"""Subjects of activity events over the real application: what is private reaches its owner alone."""

from typing import Any

import pytest

from tests.server.live.socket_server import Socket
from tests.server.live.test_customer_status_changed import RunningPartner, partner

__all__ = ["partner"]
FEED = """subscription { activity(filter: {kind: [VIEW_SAVED, HELPDESK_REQUESTED]}) { event { subject {
  ... on CustomerView { name filter } ... on HelpdeskRequest { message } } } } }"""
CHANGED = ("change", "next")
SAVE_VIEW = 'mutation { saveCustomerView(input: {name: "%s"}) { userErrors { message } } }'
REQUEST_HELP = """mutation { requestHelpdesk(input: {topic: OTHER, subject: "S", message: "%s"}) {
  userErrors { message } } }"""


async def follow(partner: RunningPartner, role: str) -> Socket:
    """Return the socket of a new administrator who follows the activity."""
    socket = await partner.socket(await partner.administrator(role))
    await socket.subscribe("feed", FEED)
    await socket.subscribe("accepted", "{ feedCursor }")
    while await socket.receive() != {"id": "accepted", "type": "complete"}:
        pass
    return socket


async def change(socket: Socket, mutation: str) -> Any:
    """Run the mutation; return the subject that the socket's feed delivers for it."""
    await socket.subscribe("change", mutation)
    messages = [await socket.receive() for _ in range(3)]
    [result] = [message["payload"]["data"] for message in messages if (message["id"], message["type"]) == CHANGED]
    assert [payload["userErrors"] for payload in result.values()] == [[]]
    [subject] = [read_subject(message) for message in messages if message["id"] == "feed"]
    return subject


def read_subject(message: dict[str, Any]) -> Any:
    assert message["type"] == "next" and "errors" not in message["payload"], message
    return message["payload"]["data"]["activity"]["event"]["subject"]


@pytest.mark.parametrize(
    ("role", "mutation", "subject"),
    [
        ("FULL_ADMINISTRATOR", SAVE_VIEW, {"name": "%s", "filter": None}),
        ("READ_ONLY_ADMINISTRATOR", SAVE_VIEW, {"name": "%s", "filter": None}),
        ("READ_ONLY_ADMINISTRATOR", REQUEST_HELP, {"message": "%s"}),
    ],
)
async def test_private_subjects_reach_their_owner_alone(
    partner: RunningPartner, role: str, mutation: str, subject: dict[str, Any]
) -> None:
    scope = partner.scope
    await scope.collection("partners").update_one(scope.match(), {"$set": {"terms_accepted_at": scope.now}})
    first, second = [await follow(partner, role) for _ in range(2)]
    for owner, other, name in [(first, second, "of the first"), (second, first, "of the second")]:
        own = await change(owner, mutation % name)
        assert own == {key: value and value % name for key, value in subject.items()}
        assert read_subject(await other.receive()) is None
