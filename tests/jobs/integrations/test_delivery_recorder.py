"""Deliveries that end together are recorded together; one of a webhook that was changed does not keep the others."""

import asyncio
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from domain.cursors.feed import Position
from domain.integrations.webhooks import WebhookDeliveryState
from jobs.integrations.delivery_recorder import DeliveryRecorder
from store.database.ids import new_id
from store.database.scope import Scope
from store.integrations.webhook_deliveries import Delivery, DeliveryAttempt
from store.integrations.webhooks import WebhookDocument, position_document

BEFORE, AFTER = Position(1 << 32), Position(2 << 32)


async def _delivered(scope: Scope, number: int) -> Delivery:
    """Insert a webhook; return the delivery of an event to it."""
    stored: dict[str, Any] = {"_id": f"whk_{number}", **scope.match(), "version": 1, "state": "ACTIVE"}
    stored |= {"created_at": scope.now, "updated_at": scope.now}
    stored |= {
        "position": position_document(BEFORE),
        "name": "Hook",
        "failing_since": scope.now,
        "pending": {"attempts": 1},
    }
    await scope.collection("webhooks").insert_many([stored])
    attempt = DeliveryAttempt(
        delivery_id=new_id("dlv"),
        event_id="evt_1",
        event_at=scope.now,
        position=AFTER,
        state=WebhookDeliveryState.DELIVERED,
        attempts=2,
        first_attempt_at=scope.now,
        attempted_at=scope.now,
        milliseconds=5,
        response_status=204,
    )
    return Delivery(scope, WebhookDocument(stored), attempt)


async def test_deliveries_that_end_together_are_recorded_but_for_those_of_changed_webhooks(scope: Scope) -> None:
    deliveries = [await _delivered(scope, number) for number in range(4)]
    await scope.collection("webhooks").update_one({"_id": "whk_1"}, {"$set": {"version": 2}})
    recorder = DeliveryRecorder(scope.client)
    stopped = asyncio.create_task(recorder.record(deliveries[3]))
    tasks = [asyncio.create_task(recorder.record(each)) for each in deliveries[:3]]
    await asyncio.sleep(0)
    stopped.cancel()
    assert await asyncio.gather(*tasks) == [True, False, True]
    webhooks = await scope.collection("webhooks").find({}, sort=[("_id", 1)])
    moved = [each["position"] == position_document(AFTER) and each["pending"] is None for each in webhooks]
    assert moved == [True, False, True, True]
    recorded = await scope.collection("webhook_deliveries").find({}, sort=[("webhook_id", 1)])
    assert [(each["webhook_id"], each["attempts"]) for each in recorded] == [("whk_0", 2), ("whk_2", 2), ("whk_3", 2)]


async def test_failures_are_recorded_with_what_ends_together_each_with_its_own_effect(scope: Scope) -> None:
    delivered, retried, failed, disabled = [await _delivered(scope, number) for number in range(4)]
    retried = _failed(retried, WebhookDeliveryState.RETRYING)
    failed = _failed(failed, WebhookDeliveryState.FAILED)
    disabled = _failed(disabled, WebhookDeliveryState.RETRYING, failing=timedelta(days=5))
    recorder = DeliveryRecorder(scope.client)
    tasks = [asyncio.create_task(recorder.record(each)) for each in (delivered, retried, failed, disabled)]
    assert await asyncio.gather(*tasks) == [True] * 4
    webhooks = await scope.collection("webhooks").find({}, sort=[("_id", 1)])
    assert [each["position"] == position_document(AFTER) for each in webhooks] == [True, False, True, False]
    assert [each["pending"] and each["pending"]["attempts"] for each in webhooks] == [None, 2, None, None]
    assert [each["failing_since"] for each in webhooks] == [None, scope.now, scope.now, scope.now - timedelta(days=5)]
    assert [each["state"] for each in webhooks] == ["ACTIVE", "ACTIVE", "ACTIVE", "DISABLED"]
    (event,) = await scope.collection("events").find({})
    (mail,) = await scope.collection("mail_outbox").find({})
    assert event["subject_id"] == mail["subject_id"] == "whk_3"


def _failed(delivery: Delivery, state: WebhookDeliveryState, failing: timedelta = timedelta()) -> Delivery:
    """Return the delivery as a failure of a webhook that has failed for this time."""
    webhook = WebhookDocument({**delivery.webhook.document, "failing_since": delivery.scope.now - failing})
    again = delivery.scope.now + timedelta(seconds=5) if state is WebhookDeliveryState.RETRYING else None
    attempt = replace(delivery.attempt, state=state, response_status=503, next_attempt_at=again)
    return Delivery(delivery.scope, webhook, attempt)
