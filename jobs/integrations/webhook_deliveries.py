"""The deliveries of one webhook: one event after the other, each until it is delivered or given up."""

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import structlog
from msgspec import Struct
from msgspec.structs import replace

from domain.cursors.feed import Position
from domain.failures import CursorExpired, RequestFailure
from domain.integrations.webhook_addresses import WebhookPolicy
from domain.integrations.webhook_events import WebhookCondition
from domain.integrations.webhook_retries import next_attempt_at
from domain.integrations.webhook_signatures import signed_headers, valid_keys
from domain.integrations.webhooks import WebhookDeliveryState
from jobs.integrations.client_import import open_webhook_client
from jobs.integrations.delivery_bodies import CreatorRemoved, DeliveryBodies
from jobs.integrations.delivery_recorder import DeliveryRecorder
from jobs.integrations.metrics import WEBHOOK_ATTEMPTS, WEBHOOK_SECONDS
from store.database.client import Client, PyMongoError
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.feed.events import FeedEvent
from store.feed.feed import Feed
from store.feed.old_events import EventPlace, read_old_events
from store.integrations.webhook_deliveries import (
    Delivery,
    DeliveryAttempt,
    load_webhook,
    move_position,
    pause_without_creator,
)
from store.integrations.webhooks import WebhookDocument, position_document

if TYPE_CHECKING:
    from jobs.integrations.webhook_client import Response, WebhookClient

_log = structlog.get_logger(__name__)
_ERROR_PAUSE_SECONDS = 1.0
# A position is stored again after this time without an event, so that the oplog still has it at the next start.
_MAX_POSITION_AGE_SECONDS = 60


class DeliveryTools(Struct, frozen=True):
    """What the deliveries of all webhooks of a process share; `requests` bounds the requests that run at once."""

    client: Client
    feed: Feed
    policy: WebhookPolicy
    bodies: DeliveryBodies
    recorder: DeliveryRecorder
    requests: asyncio.Semaphore


class Superseded(Exception):
    """The webhook was changed, or another process delivers for it: read it again."""


class Deliveries:
    """Delivers the events of one webhook while it is active and unchanged."""

    def __init__(self, tools: DeliveryTools, partner_id: str, webhook_id: str) -> None:
        self._tools, self._partner_id, self._webhook_id = tools, partner_id, webhook_id
        self._webhook: WebhookDocument | None = None
        self._reached = Position(0)
        self._condition: WebhookCondition | None = None
        self._has_expired = False
        # The place of the last event that was delivered from the log.
        self._old_place: EventPlace | None = None
        # Held while events are processed: the position is then written by the deliveries alone.
        self._busy = asyncio.Lock()

    async def run(self) -> None:
        """Deliver until the webhook is no longer active; retry after failures of the database."""
        client = await open_webhook_client(self._tools.policy)
        try:
            while await self._load():
                await self._deliver_until_failure(client)
        finally:
            await client.close()

    async def save_reached(self) -> None:
        """Store how far the events were read, where the last ones were not for this webhook."""
        webhook, feed = self._webhook, self._tools.feed
        if webhook is None or self._busy.locked():
            return
        async with self._busy:
            reached = self._reached
            if feed.is_at_end(self._partner_id, webhook.position):
                is_old = (feed.position.time - webhook.position.time) >> 32 >= _MAX_POSITION_AGE_SECONDS
                reached = feed.position if is_old else webhook.position
            if reached > webhook.position and await move_position(self._scope(), webhook, reached):
                self._reached, self._webhook = reached, _at_position(webhook, reached)

    async def _load(self) -> bool:
        """Read the webhook, and wait until its pending delivery is due; return False where it is not active."""
        self._webhook = webhook = await self._read_webhook()
        if webhook is None:
            return False
        self._reached = webhook.position
        self._condition = WebhookCondition.of(webhook.kinds, webhook.statuses, webhook.raw_filter)
        if webhook.pending is not None:
            wait = (webhook.pending["next_attempt_at"] - utc_now()).total_seconds()
            await asyncio.sleep(max(0.0, wait))
        return True

    async def _read_webhook(self) -> WebhookDocument | None:
        while True:
            try:
                return await load_webhook(self._scope(), self._webhook_id)
            except (PyMongoError, RequestFailure):
                await asyncio.sleep(_ERROR_PAUSE_SECONDS)

    async def _deliver_until_failure(self, client: "WebhookClient") -> None:
        try:
            await (self._deliver_old(client) if self._has_expired else self._deliver_new(client))
            self._has_expired = False
        except CursorExpired:
            # The process missed events, or the oplog does not have them any more: the log has them.
            self._has_expired = True
        except Superseded:
            self._has_expired = False
        except (PyMongoError, RequestFailure) as error:
            _log.warning("webhook failed, it will go on", webhook=self._webhook_id, error=repr(error))
            await asyncio.sleep(_ERROR_PAUSE_SECONDS)

    async def _deliver_new(self, client: "WebhookClient") -> None:
        """Deliver what the feed has after the position, without end."""
        webhook = self._current()
        async with aclosing(self._tools.feed.follow(self._partner_id, webhook.position)) as segments:
            async for segment in segments:
                async with self._busy:
                    for event in segment.events:
                        await self._deliver(client, event, event.position)
                    self._reached = segment.reached

    async def _deliver_old(self, client: "WebhookClient") -> None:
        """Deliver from the log what the oplog does not have any more, and move the position behind all of it."""
        position, end = self._current().position, self._tools.feed.position
        async with aclosing(read_old_events(self._scope(), position, self._old_place)) as events, self._busy:
            async for event in events:
                # The log has no positions: the stored one stays until all is delivered. A restart repeats events.
                await self._deliver(client, event, position)
                self._old_place = EventPlace(event.document["at"], event.document["_id"])
            if not await move_position(self._scope(), self._current(), end):
                raise Superseded
        self._old_place = None

    async def _deliver(self, client: "WebhookClient", event: FeedEvent, position: Position) -> None:
        """Make one attempt, where the webhook gets the event; raise Superseded where it has to be tried again."""
        webhook, document = self._current(), event.document
        if self._condition is None or not self._condition.chooses(document, (event.facts_before, event.facts_after)):
            return
        try:
            body = await self._tools.bodies.read(webhook, event)
        except CreatorRemoved:
            await pause_without_creator(self._scope(), webhook)
            raise Superseded from None
        if body is None:
            return
        response = await self._post(client, event.document["_id"], body)
        attempt = _evaluate(webhook, replace(event, position=position), response)
        is_recorded = await self._tools.recorder.record(Delivery(self._scope(), webhook, attempt))
        if is_recorded:
            _count(attempt)
        if not is_recorded or attempt.state is WebhookDeliveryState.RETRYING:
            raise Superseded
        is_delivered = attempt.state is WebhookDeliveryState.DELIVERED
        failing_since = None if is_delivered else webhook.failing_since or attempt.attempted_at
        self._webhook = _at_position(webhook, position, failing_since=failing_since)

    async def _post(self, client: "WebhookClient", event_id: str, body: bytes) -> "Response":
        webhook, now = self._current(), utc_now()
        keys = valid_keys(webhook.seed, webhook.secret_number, webhook.rotated_at, now)
        headers = signed_headers(keys, event_id, now, body)
        async with self._tools.requests:
            return await client.post(webhook.url, headers, body)

    def _scope(self) -> Scope:
        return Scope(self._tools.client, self._partner_id, utc_now())

    def _current(self) -> WebhookDocument:
        if self._webhook is None:
            raise Superseded
        return self._webhook


def _at_position(webhook: WebhookDocument, position: Position, **fields: object) -> WebhookDocument:
    """Return the webhook as it is stored after its position has moved."""
    moved = {"position": position_document(position), "pending": None}
    return WebhookDocument({**webhook.document, **moved, **fields})


def _evaluate(webhook: WebhookDocument, event: FeedEvent, response: "Response") -> DeliveryAttempt:
    """Return what the response means for the delivery."""
    now, event_id = utc_now(), event.document["_id"]
    pending = webhook.pending
    if pending is None or pending["event_id"] != event_id:
        pending = {"delivery_id": new_id("dlv"), "attempts": 0, "first_attempt_at": now}
    attempts, first = pending["attempts"] + 1, pending["first_attempt_at"]
    state, again = WebhookDeliveryState.DELIVERED, None
    if not response.is_success:
        again = next_attempt_at(attempts, first, now)
        state = WebhookDeliveryState.FAILED if again is None else WebhookDeliveryState.RETRYING
    return DeliveryAttempt(
        delivery_id=pending["delivery_id"],
        event_id=event_id,
        event_at=event.document["created_at"],
        position=event.position,
        state=state,
        attempts=attempts,
        first_attempt_at=first,
        attempted_at=now,
        milliseconds=response.milliseconds,
        response_status=response.status,
        error=response.error,
        next_attempt_at=again,
    )


def _count(attempt: DeliveryAttempt) -> None:
    WEBHOOK_ATTEMPTS.labels(attempt.state.value).inc()
    if attempt.state is WebhookDeliveryState.DELIVERED:
        WEBHOOK_SECONDS.observe((attempt.attempted_at - attempt.event_at).total_seconds())
