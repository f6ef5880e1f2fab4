"""Servers that make alerts and send e-mail are killed: no alert is lost or doubled, a message is at most repeated."""

import asyncio
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from store.database.client import Client
from store.database.clock import utc_now
from tests.jobs.integrations.mail_server import SENDER, MailServer
from tests.server_process import ServerHarness, ServerProcess

ACCEPT_TERMS = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'
# The message of a week does not become due by itself on a slow machine.
SAVE_RULE = """mutation {
    saveAlertRule(input: {name: "Unpaid", statuses: [SUSPENDED], email: true, schedule: WEEKLY}) {
        userErrors { code }
    }
}"""
ALERTS = "{ alerts(first: 200) { nodes { state customer { externalId } } } }"
# Customers that are suspended: before the first kill in imports of four, and by the second server.
FIRST, ALL, SIZE = 12, 20, 4


@pytest.fixture
def harness(mongo_uri: str, new_database: str, mail_server: MailServer) -> ServerHarness:
    made = ServerHarness(mongo_uri, new_database, smtp_url=mail_server.url, smtp_from=SENDER)
    made.make_partner()
    return made


def _deliver(harness: ServerHarness, first: int, end: int, *, is_suspended: bool) -> None:
    begun, end_of_term = "2026-01-01T00:00:00Z", "2999-01-01T00:00:00Z"
    facts = {"addedAt": begun, "startsAt": begun, "endsAt": end_of_term, "autoRenew": False}
    for start in range(first, end, SIZE):
        numbers = range(start, min(start + SIZE, end))
        licenses = [{"product": "MEETINGS", "total": 10}]
        lines = [
            {"number": f"S-{n}", "customer": f"C-{n}", "suspended": is_suspended, "licenses": licenses, **facts}
            for n in numbers
        ]
        assert harness.import_lines("subscriptions", lines)["refused"] == 0


def make_due(harness: ServerHarness) -> None:
    """Let the time come of the message: the rule waits for Monday, a message is tried again after a minute."""

    async def work() -> None:
        client = Client(harness.environment["MONGODB_URI"], harness.environment["PARTNERHUB_DATABASE"])
        due = utc_now() - timedelta(seconds=1)
        for collection, field in (("alert_rules", "mail.due_at"), ("mail_outbox", "due_at")):
            await client.collection(collection).update_one({field: {"$gt": due}}, {"$set": {field: due}})
        await client.close()

    asyncio.run(work())


def _wait_for(harness: ServerHarness, resolved: int, opened: int) -> list[Any]:
    """Return the alerts once there are this many of each state."""
    deadline = monotonic() + 60
    while True:
        alerts: list[Any] = harness.query(ALERTS)["data"]["alerts"]["nodes"]
        states = [alert["state"] for alert in alerts]
        if (states.count("RESOLVED"), states.count("OPEN")) == (resolved, opened):
            return alerts
        assert monotonic() < deadline and len(alerts) <= resolved + opened, states


def _send_and_kill(harness: ServerHarness, mail_server: MailServer, server: ServerProcess) -> None:
    """Kill the server when it has handed over the message, before it is told that it was accepted."""
    mail_server.on_message = server.process.kill
    make_due(harness)
    server.process.wait(60)
    mail_server.on_message = lambda: None


def test_no_alert_is_lost_or_made_twice_where_servers_are_killed(
    harness: ServerHarness, mail_server: MailServer
) -> None:
    with harness.start_server() as server:
        harness.query(ACCEPT_TERMS)
        customers = [
            {"externalId": f"C-{n}", "name": f"Customer {n}", "managedBy": "PARTNER_ORGANIZATION"} for n in range(ALL)
        ]
        harness.import_lines("customers", customers)
        _deliver(harness, 0, ALL, is_suspended=False)
        assert harness.query(SAVE_RULE)["data"]["saveAlertRule"]["userErrors"] == []
        _deliver(harness, 0, FIRST, is_suspended=True)
        server.process.kill()
        server.process.wait(20)
    harness.url = ""
    with harness.start_server() as server:
        _deliver(harness, FIRST, ALL, is_suspended=True)
        _deliver(harness, 0, SIZE, is_suspended=False)
        _wait_for(harness, SIZE, ALL - SIZE)
        _send_and_kill(harness, mail_server, server)
    harness.url = ""
    with harness.start_server():
        make_due(harness)
        mail_server.wait_for_messages(2)
        alerts = _wait_for(harness, SIZE, ALL - SIZE)
    assert len({alert["customer"]["externalId"] for alert in alerts}) == ALL
    assert [message["Subject"] for message in mail_server.messages] == [f"Unpaid: {ALL - SIZE} new alerts"] * 2
    assert len({message["Message-ID"] for message in mail_server.messages}) == 1
