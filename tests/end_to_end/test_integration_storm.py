"""Servers are killed at random moments while they send webhooks and e-mails, make alerts, and stream an export."""

import asyncio
import os
import random
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from threading import Timer
from time import monotonic
from typing import Any

import httpx
import pytest

from store.database.client import Client
from tests.end_to_end.test_alert_storm import ACCEPT_TERMS, ALERTS, make_due
from tests.end_to_end.test_webhook_storm import CREATE_TAG
from tests.jobs.integrations.mail_server import SENDER, MailServer, read_body
from tests.jobs.integrations.receiver import Receiver, running_receiver
from tests.server_process import ServerHarness, ServerProcess

# A thorough run: STORM_ROUNDS=100.
ROUNDS = max(1, int(os.environ.get("STORM_ROUNDS", "16")) // 5)
_TAGS, _CUSTOMERS = 6, 4
# The server is killed this long after the first write of a round, at most.
_MAX_SECONDS = 1.5
_CREATE_WEBHOOK = """mutation($url: String!) {
    createWebhook(input: {name: "Hook", url: $url, kinds: [TAG_CREATED, STATUS_CHANGED]}) { userErrors { code } }
}"""
_SAVE_RULE = """mutation {
    saveAlertRule(input: {name: "Unpaid", statuses: [SUSPENDED], email: true, schedule: WEEKLY}) {
        userErrors { code }
    }
}"""
_EXPORT = "mutation { exportCustomers(input: {format: NDJSON}) { url userErrors { code } } }"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


@pytest.fixture
def harness(mongo_uri: str, new_database: str, mail_server: MailServer) -> ServerHarness:
    made = ServerHarness(
        mongo_uri,
        new_database,
        webhook_networks="127.0.0.0/8",
        webhook_http="true",
        smtp_url=mail_server.url,
        smtp_from=SENDER,
    )
    made.make_partner()
    return made


def _customer_lines(first: int, end: int) -> list[dict[str, Any]]:
    managed = {"managedBy": "PARTNER_ORGANIZATION"}
    return [{"externalId": f"C-{n:04}", "name": f"Customer {n:04}", **managed} for n in range(first, end)]


def _suspend(harness: ServerHarness, first: int, end: int) -> None:
    """Deliver customers whose subscriptions are suspended; what was delivered before changes nothing."""
    facts = {"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2999-01-01T00:00:00Z", "autoRenew": False}
    facts |= {"addedAt": "2026-01-01T00:00:00Z", "licenses": [{"product": "MEETINGS", "total": 10}]}
    lines = [{"number": f"S-{n}", "customer": f"C-{n:04}", "suspended": True, **facts} for n in range(first, end)]
    harness.import_lines("customers", _customer_lines(first, end))
    assert harness.import_lines("subscriptions", lines)["refused"] == 0


def _work(harness: ServerHarness, round_: int) -> bool:
    """Do the writes of a round; return whether the server lived to their end."""
    try:
        for number in range(round_ * _TAGS, (round_ + 1) * _TAGS):
            # Repeated with the same key, a mutation is done once.
            answer = harness.query(CREATE_TAG, name=f"Tag {number}")
            assert answer["data"]["createTag"]["userErrors"] == [], answer
        _suspend(harness, round_ * _CUSTOMERS, (round_ + 1) * _CUSTOMERS)
    except httpx.TransportError:
        return False
    return True


def _kill_at_random(harness: ServerHarness, round_: int, rng: random.Random) -> None:
    """Kill a server in the middle of a round or soon after it, while it sends what the round wrote."""
    harness.url = ""
    with harness.start_server() as server:
        killer = Timer(rng.uniform(0, _MAX_SECONDS), server.process.kill)
        # E-mails of the rounds before leave meanwhile.
        make_due(harness)
        killer.start()
        _work(harness, round_)
        server.process.wait(60)


def _events(harness: ServerHarness) -> list[dict[str, Any]]:
    """The events that the webhook is for."""

    async def read() -> list[dict[str, Any]]:
        client = Client(harness.environment["MONGODB_URI"], harness.environment["PARTNERHUB_DATABASE"])
        kinds = {"partner_id": "acme", "kind": {"$in": ["TAG_CREATED", "STATUS_CHANGED"]}}
        events = await client.collection("events").find(kinds, {"summary": 1, "kind": 1, "at": 1})
        await client.close()
        return events

    return asyncio.run(read())


def _named(messages: Sequence[EmailMessage], customers: int) -> set[str]:
    texts = [read_body(message) for message in messages]
    return {name for n in range(customers) if any((name := f"Customer {n:04}") in text for text in texts)}


def test_nothing_is_skipped_where_servers_are_killed_at_random_moments(
    harness: ServerHarness, receiver: Receiver, mail_server: MailServer
) -> None:
    rng = random.Random(ROUNDS)
    customers = (ROUNDS + 1) * _CUSTOMERS
    with harness.start_server():
        harness.query(ACCEPT_TERMS)
        made = harness.query(_CREATE_WEBHOOK, url=f"{receiver.url}/")["data"]["createWebhook"]
        assert made["userErrors"] == harness.query(_SAVE_RULE)["data"]["saveAlertRule"]["userErrors"] == []
    for round_ in range(ROUNDS):
        _kill_at_random(harness, round_, rng)
    harness.url = ""
    with harness.start_server():
        for round_ in range(ROUNDS + 1):
            assert _work(harness, round_)
        expected = {event["_id"]: event for event in _events(harness)}
        _wait_for_all(harness, receiver, mail_server, set(expected), customers)
        deliveries, alerts = receiver.wait_for(0), harness.query(ALERTS)["data"]["alerts"]["nodes"]
    received = list(dict.fromkeys(delivery.data["id"] for delivery in deliveries))
    assert set(received) == set(expected) and len(expected) == (ROUNDS + 1) * (_TAGS + _CUSTOMERS)
    # One client created the tags, one after the other.
    tags = [id_ for id_ in received if expected[id_]["kind"] == "TAG_CREATED"]
    assert tags == sorted(tags, key=lambda id_: expected[id_]["at"])
    # One alert for each customer.
    assert sorted(alert["customer"]["externalId"] for alert in alerts) == [f"C-{n:04}" for n in range(customers)]


def _wait_for_all(
    harness: ServerHarness, receiver: Receiver, mail_server: MailServer, events: set[str], customers: int
) -> None:
    """Wait until each event was received, each alert opened, and each customer named by an e-mail."""
    deadline = monotonic() + 120
    while True:
        # The time comes of what waits for Monday, or for another attempt.
        make_due(harness)
        received = {delivery.data["id"] for delivery in receiver.wait_for(0)}
        named = _named(mail_server.messages, customers)
        if received >= events and len(named) == customers:
            return
        assert monotonic() < deadline, (events - received, named)


def _stream_and_kill(address: str, server: ServerProcess, received: list[bytes]) -> None:
    """Read a file whose server is killed once its first part has come."""
    with httpx.stream("GET", address, timeout=60, verify=False) as response:
        for part in response.iter_raw():
            received.append(part)
            server.process.kill()


def test_a_killed_server_ends_an_export_visibly_and_its_address_was_used(mongo_uri: str, new_database: str) -> None:
    customers, address = 450, ""
    # A page costs 17,210: behind the first one, the stream waits for half of the budget, which takes hours.
    harness = ServerHarness(
        mongo_uri, new_database, rate_limit_administrator="1", rate_limit_administrator_burst="60000"
    )
    harness.make_partner()
    with harness.start_server() as server:
        harness.query(ACCEPT_TERMS)
        harness.import_lines("customers", _customer_lines(0, customers))
        address = harness.query(_EXPORT)["data"]["exportCustomers"]["url"]
        received: list[bytes] = []
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            _stream_and_kill(address, server, received)
        assert 0 < b"".join(received).count(b"\n") < customers
    harness.url = ""
    with harness.start_server() as server:
        # The address was used.
        used = address.replace(httpx.URL(address).netloc.decode(), httpx.URL(server.url).netloc.decode())
        assert httpx.get(used, verify=False).status_code == 410
