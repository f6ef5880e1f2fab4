"""Deliveries of events to webhooks: a real server, a real database, a real receiver."""

from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from domain.cursors.feed import Position, encode_feed_cursor
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.api_server import ApiHarness, running_shared_api
from tests.installation_keys import KEYS
from tests.jobs.integrations.receiver import Receiver, running_receiver
from tests.prepared_database import PreparedDatabases
from tests.schema.factory_walk import ADMINISTRATOR, FULL, PartnerPair

CREATED = "webhook { id version cursor } secret"
LIST = "{ webhooks { id state version cursor lagSeconds deliveries(first: 10) { nodes { %s } } } }"
DELIVERY = "id state attempts responseStatus error nextAttemptAt event { id }"


@pytest.fixture(scope="module")
def shared_api(prepared_databases: PreparedDatabases) -> Iterator[ApiHarness]:
    with running_shared_api(prepared_databases, webhook_networks="127.0.0.0/8", webhook_http=True) as api:
        yield api


@pytest.fixture
def world(shared_api: ApiHarness) -> Iterator[PartnerPair]:
    """Yield a new partner with a full administrator; its webhooks are deleted afterwards."""
    api = shared_api.with_new_partners()
    yield PartnerPair(api, FULL)
    api.store(lambda scope: scope.collection("webhooks").delete_many(scope.match()))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


def _create(world: PartnerPair, receiver: Receiver, path: str = "/", **more: Any) -> dict[str, Any]:
    given = {"name": "Hook", "url": receiver.url + path, "kinds": ["TAG_CREATED"], **more}
    return world.run_mutation(world.token, "createWebhook", CREATED, given)


def _add_tags(world: PartnerPair, *names: str) -> None:
    for name in names:
        world.run_mutation(world.token, "createTag", "__typename", {"name": name})


def _read(world: PartnerPair) -> list[dict[str, Any]]:
    webhooks: list[dict[str, Any]] = world.api.execute_data(world.token, LIST % DELIVERY)["webhooks"]
    return webhooks


def _wait_for_delivery(world: PartnerPair, **expected: Any) -> dict[str, Any]:
    """Return the newest delivery once it is as expected: it is recorded after the receiver has answered."""
    deadline = utc_now() + timedelta(seconds=30)
    while True:
        deliveries = _read(world)[0]["deliveries"]["nodes"]
        if deliveries and all(deliveries[0][name] == value for name, value in expected.items()):
            newest: dict[str, Any] = deliveries[0]
            return newest
        assert utc_now() < deadline, deliveries


def _count_attempts(state: str) -> float:
    return REGISTRY.get_sample_value("partnerhub_webhook_attempts_total", {"state": state}) or 0.0


def _change_pending(world: PartnerPair, webhook_id: str, **fields: Any) -> None:
    async def work(scope: Scope) -> None:
        changed = {"$set": {f"pending.{name}": value for name, value in fields.items()}}
        await scope.collection("webhooks").update_one({**scope.match(), "_id": webhook_id}, changed)

    world.api.store(work)


def _end_pause(world: PartnerPair, webhook_id: str, version: int = 1, **fields: Any) -> None:
    """Make the next attempt due now; a change of the webhook lets the sender read it again."""
    _change_pending(world, webhook_id, next_attempt_at=utc_now(), **fields)
    world.run_mutation(
        world.token, "updateWebhook", "__typename", {"id": webhook_id, "version": version, "name": "New"}
    )


def test_events_arrive_in_order_and_signed(world: PartnerPair, receiver: Receiver) -> None:
    created = _create(world, receiver)
    names = [f"Tag {number}" for number in range(20)]
    _add_tags(world, *names)
    deliveries = receiver.wait_for(20)
    assert [each.data["summary"] for each in deliveries] == [f"Tag {name} was created" for name in names]
    for each in deliveries:
        verified = Webhook(created["secret"]).verify(each.body, each.headers)
        assert verified["type"] == "tag.created" and each.headers["webhook-id"] == verified["data"]["id"]
        assert verified["data"]["actor"]["id"] == world.viewer
    delivery = _wait_for_delivery(world, state="DELIVERED", event={"id": deliveries[-1].data["id"]})
    assert (delivery["attempts"], delivery["responseStatus"], delivery["error"]) == (1, 204, None)
    assert _read(world)[0]["cursor"] == deliveries[-1].data["cursor"]


def test_a_replay_delivers_the_events_after_the_cursor_again(world: PartnerPair, receiver: Receiver) -> None:
    webhook = _create(world, receiver)["webhook"]
    _add_tags(world, "A", "B", "C")
    first = receiver.wait_for(3)
    given = {"id": webhook["id"], "after": first[0].data["cursor"]}
    world.run_mutation(world.token, "replayWebhook", "webhook { id }", given)
    again = receiver.wait_for(5)[3:]
    assert [each.headers["webhook-id"] for each in again] == [each.headers["webhook-id"] for each in first[1:]]


def test_events_that_are_older_than_the_oplog_come_from_the_log(world: PartnerPair, receiver: Receiver) -> None:
    _add_tags(world, "A", "B")
    yesterday = Position(int((utc_now() - timedelta(days=1)).replace(tzinfo=UTC).timestamp()) << 32)
    after = encode_feed_cursor(KEYS.cursor_secrets[0], world.api.partner, yesterday)
    _create(world, receiver, after=after)
    expected = [f"Tag {name} was created" for name in ("A", "B")]
    assert [each.data["summary"] for each in receiver.wait_for(2)] == expected
    _add_tags(world, "C")
    assert receiver.wait_for(3)[2].data["summary"] == "Tag C was created"


def test_a_failed_delivery_is_repeated_and_later_events_wait(world: PartnerPair, receiver: Receiver) -> None:
    receiver.answer = lambda _: 503
    counted = _count_attempts("RETRYING"), _count_attempts("DELIVERED")
    webhook = _create(world, receiver)["webhook"]
    _add_tags(world, "A", "B")
    failed = _wait_for_delivery(world, state="RETRYING")
    assert (failed["attempts"], failed["error"]) == (1, "The address answered 503.")
    assert failed["nextAttemptAt"] is not None and _read(world)[0]["lagSeconds"] > 0
    receiver.answer = lambda _: 200
    _end_pause(world, webhook["id"])
    deliveries = receiver.wait_for(3)
    ids = [each.headers["webhook-id"] for each in deliveries]
    assert ids[0] == ids[1] != ids[2]
    # The attempts before the last one were counted when the next one began.
    assert _count_attempts("RETRYING") > counted[0] and _count_attempts("DELIVERED") > counted[1]


def test_after_a_day_a_delivery_has_failed_and_the_next_event_is_delivered(
    world: PartnerPair, receiver: Receiver
) -> None:
    receiver.answer = lambda delivery: 410 if b"Tag A" in delivery.body else 204
    webhook = _create(world, receiver)["webhook"]
    _add_tags(world, "A", "B")
    _wait_for_delivery(world, state="RETRYING", responseStatus=410)
    _end_pause(world, webhook["id"], first_attempt_at=utc_now() - timedelta(hours=24))
    _wait_for_delivery(world, state="DELIVERED")
    given_up = _read(world)[0]["deliveries"]["nodes"][1]
    assert (given_up["state"], given_up["attempts"], given_up["nextAttemptAt"]) == ("FAILED", 2, None)
    assert [each.data["summary"][:5] for each in receiver.wait_for(3)] == ["Tag A", "Tag A", "Tag B"]


@pytest.mark.parametrize("is_moved", [True, False], ids=["new address", "resumed"])
def test_a_delivery_that_waits_is_tried_at_once_where_it_can_be_better(
    world: PartnerPair, receiver: Receiver, is_moved: bool
) -> None:
    receiver.answer = lambda delivery: 204 if delivery.path == "/new" else 503
    webhook = _create(world, receiver)["webhook"]
    _add_tags(world, "A")
    _wait_for_delivery(world, state="RETRYING")
    _change_pending(world, webhook["id"], next_attempt_at=utc_now() + timedelta(hours=3))
    given: dict[str, Any] = {"id": webhook["id"], "version": 1}
    if is_moved:
        world.run_mutation(world.token, "updateWebhook", "__typename", {**given, "url": f"{receiver.url}/new"})
        receiver.wait_for(1, "/new")
    else:
        world.run_mutation(world.token, "updateWebhook", "__typename", {**given, "paused": True})
        receiver.answer = lambda _: 204
        world.run_mutation(world.token, "updateWebhook", "__typename", {**given, "version": 2, "paused": False})
    _wait_for_delivery(world, state="DELIVERED", attempts=2)


def test_a_redirect_is_a_failure(world: PartnerPair, receiver: Receiver) -> None:
    receiver.answer = lambda _: 302
    _create(world, receiver)
    _add_tags(world, "A")
    assert _wait_for_delivery(world, state="RETRYING")["responseStatus"] == 302
    assert receiver.wait_for(0, "/redirected") == []


def test_a_hanging_receiver_delays_no_other(world: PartnerPair, receiver: Receiver) -> None:
    for _ in range(5):
        _create(world, receiver, "/hanging")
    _create(world, receiver)
    names = [f"Tag {number}" for number in range(10)]
    _add_tags(world, *names)
    assert len(receiver.wait_for(10)) == 10
    assert receiver.wait_for(0, "/hanging") == []


def test_a_paused_webhook_keeps_its_events(world: PartnerPair, receiver: Receiver) -> None:
    webhook = _create(world, receiver)["webhook"]
    paused = {"id": webhook["id"], "version": 1, "paused": True}
    world.run_mutation(world.token, "updateWebhook", "webhook { state }", paused)
    _add_tags(world, "A")
    world.run_mutation(world.token, "updateWebhook", "__typename", {**paused, "version": 2, "paused": False})
    _add_tags(world, "B")
    assert [each.data["summary"] for each in receiver.wait_for(2)] == ["Tag A was created", "Tag B was created"]


def test_a_webhook_pauses_where_its_creator_was_removed(world: PartnerPair, receiver: Receiver) -> None:
    creator = world.api.add_administrator(FULL)
    given = {"name": "Hook", "url": receiver.url + "/", "kinds": ["TAG_CREATED"]}
    world.run_mutation(world.api.token(creator), "createWebhook", CREATED, given)
    world.run_mutation(world.token, "removeAdministrator", "__typename", {"id": creator})
    _add_tags(world, "A")
    deadline = utc_now() + timedelta(seconds=30)
    while _read(world)[0]["state"] != "PAUSED":
        assert utc_now() < deadline
    assert receiver.wait_for(0) == []


def test_only_what_the_creator_may_see_is_sent(world: PartnerPair, receiver: Receiver) -> None:
    creator, tag = world.api.add_administrator(FULL), world.home_tag
    given = {"name": "Hook", "url": receiver.url + "/", "kinds": ["TAGS_ASSIGNED", "TAG_CREATED"]}
    world.run_mutation(world.api.token(creator), "createWebhook", CREATED, given)
    world.run_mutation(world.token, "changeAdministrator", "__typename", {"id": creator, "role": ADMINISTRATOR})
    hidden, own = (world.add_customer(world.api.partner, is_assigned=False)[0] for _ in range(2))
    world.run_mutation(world.token, "assignAdministrator", "__typename", {"administrator": creator, "customers": [own]})
    for customer in (hidden, own):
        selected = {"customers": {"ids": [customer]}, "tags": [tag]}
        world.run_mutation(world.token, "assignTags", "__typename", selected)
    assert [each.data["customer"]["id"] for each in receiver.wait_for(1)] == [own]


def test_a_webhook_is_disabled_after_five_days_of_failures(world: PartnerPair, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500
    webhook = _create(world, receiver)["webhook"]

    async def fail_for_five_days(scope: Scope) -> None:
        since = {"$set": {"failing_since": utc_now() - timedelta(days=5)}}
        await scope.collection("webhooks").update_one({**scope.match(), "_id": webhook["id"]}, since)

    world.api.store(fail_for_five_days)
    world.run_mutation(world.token, "updateWebhook", "__typename", {"id": webhook["id"], "version": 1, "name": "New"})
    _add_tags(world, "A")
    _wait_for_delivery(world, state="RETRYING", attempts=1)
    read = _read(world)[0]
    assert (read["state"], read["version"]) == ("DISABLED", 3)


def test_the_former_secret_signs_for_a_day(world: PartnerPair, receiver: Receiver) -> None:
    created = _create(world, receiver)
    given = {"id": created["webhook"]["id"], "idempotencyKey": "once"}
    rotated = world.run_mutation(world.token, "rotateWebhookSecret", "secret", given)["secret"]
    assert rotated != created["secret"]
    assert world.run_mutation(world.token, "rotateWebhookSecret", "secret", given)["secret"] == rotated
    _add_tags(world, "A")
    (delivery,) = receiver.wait_for(1)
    for secret in (created["secret"], rotated):
        Webhook(secret).verify(delivery.body, delivery.headers)


def test_a_repetition_is_signed_with_the_secrets_of_its_moment(world: PartnerPair, receiver: Receiver) -> None:
    receiver.answer = lambda _: 503
    created = _create(world, receiver)
    _add_tags(world, "A")
    _wait_for_delivery(world, state="RETRYING")
    given = {"id": created["webhook"]["id"]}
    rotated = world.run_mutation(world.token, "rotateWebhookSecret", "secret", given)["secret"]
    receiver.answer = lambda _: 204
    _end_pause(world, created["webhook"]["id"], version=2)
    first, second = receiver.wait_for(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    for secret in (created["secret"], rotated):
        Webhook(secret).verify(second.body, second.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(rotated).verify(first.body, first.headers)


def test_a_sample_is_sent_at_once_and_only_once_for_a_key(world: PartnerPair, receiver: Receiver) -> None:
    created = _create(world, receiver)
    given = {"id": created["webhook"]["id"], "idempotencyKey": "once"}
    selection = f"delivery {{ {DELIVERY} }}"
    tested = world.run_mutation(world.token, "testWebhook", selection, given)["delivery"]
    assert (tested["state"], tested["attempts"], tested["responseStatus"]) == ("DELIVERED", 1, 204)
    assert world.run_mutation(world.token, "testWebhook", selection, given)["delivery"] == tested
    (delivery,) = receiver.wait_for(1)
    assert Webhook(created["secret"]).verify(delivery.body, delivery.headers)["type"] == "webhook.test"
    receiver.answer = lambda _: 404
    failed = world.run_mutation(world.token, "testWebhook", selection, {"id": given["id"]})["delivery"]
    assert (failed["state"], failed["responseStatus"], failed["nextAttemptAt"]) == ("FAILED", 404, None)
