"""Servers that send to a webhook are killed in the middle of deliveries: deliveries are repeated, none is skipped."""

from collections.abc import Iterator
from itertools import count

import httpx
import pytest

from tests.jobs.integrations.receiver import Delivery, Receiver, running_receiver
from tests.server_process import ServerHarness, ServerProcess

KILLS, TAGS = 2, 8
ACCEPT_TERMS = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'
CREATE_WEBHOOK = """mutation($url: String!) {
    createWebhook(input: {name: "Hook", url: $url, kinds: [TAG_CREATED]}) { webhook { id } }
}"""
CREATE_TAG = """mutation($name: String!) {
    createTag(input: {name: $name, idempotencyKey: $name}) { tag { name } userErrors { code } }
}"""


@pytest.fixture
def harness(mongo_uri: str, new_database: str) -> ServerHarness:
    made = ServerHarness(mongo_uri, new_database, webhook_networks="127.0.0.0/8", webhook_http="true")
    made.make_partner()
    return made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


def _create_tags(harness: ServerHarness, first: int) -> int:
    """Create the tags one after the other until the server is killed; return the first that may be missing."""
    for number in range(first, first + TAGS):
        try:
            answer = harness.query(CREATE_TAG, name=f"Tag {number}")
        except httpx.TransportError:
            return number
        assert answer["data"]["createTag"]["tag"] == {"name": f"Tag {number}"}, answer
    return first + TAGS


def _kill_at(receiver: Receiver, server: ServerProcess, number: int) -> None:
    """Kill the server at the next deliveries but `number`, before the receiver answers."""
    numbers = count()

    def answer(_delivery: Delivery) -> int:
        if next(numbers) == number:
            server.process.kill()
        return 204

    receiver.answer = answer


def test_no_event_is_skipped_where_servers_are_killed(harness: ServerHarness, receiver: Receiver) -> None:
    created = received = 0
    summaries: list[str] = []
    for kills in range(KILLS + 1):
        harness.url = ""
        with harness.start_server() as server:
            if kills == 0:
                harness.query(ACCEPT_TERMS)
                harness.query(CREATE_WEBHOOK, url=f"{receiver.url}/")
            if kills < KILLS:
                _kill_at(receiver, server, 3)
                created = _create_tags(harness, created)
                received += 4
                receiver.wait_for(received)
                server.process.wait(20)
            else:
                receiver.answer = lambda _: 204
                created = _create_tags(harness, created)
                # Each kill repeats one delivery.
                summaries = [each.data["summary"] for each in receiver.wait_for(created + KILLS)]
    assert list(dict.fromkeys(summaries)) == [f"Tag Tag {number} was created" for number in range(created)]
    assert len(summaries) == created + KILLS
