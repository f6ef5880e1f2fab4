"""Webhooks and deliveries: their documents, and reads of those that the viewer may manage."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.cursors.feed import Position
from domain.integrations.webhooks import MAX_WEBHOOKS, WebhookDeliveryState, WebhookState
from domain.permissions import Permission, has_permission
from domain.types import ActivityKind, CustomerStatus
from store.database.client import Document, IndexModel
from store.database.keyset import Column
from store.database.pages import Listing
from store.database.scope import Scope
from store.database.stored_fields import (
    Projection,
    StoredDocument,
    derived,
    projection_document,
    stored,
    stored_list,
    stored_or_none,
)

COLLECTION = "webhooks"
DELIVERIES = "webhook_deliveries"
_COLUMNS = (Column("attempted_at", -1, "instant"), Column("_id", -1))
WEBHOOK_INDEXES = (
    IndexModel([("partner_id", 1), ("_id", 1)], name="partner"),
    # The process that sends reads the active webhooks of all partners.
    IndexModel([("state", 1)], name="state"),
)
NEWEST_INDEX = "webhook_newest"
DELIVERY_INDEXES = (
    IndexModel([("partner_id", 1), ("webhook_id", 1), ("attempted_at", -1), ("_id", -1)], name=NEWEST_INDEX),
    IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=0),
)


class WebhookDocument(StoredDocument):
    """A webhook. `seed` is never part of an answer: the secrets follow from it."""

    id = stored(str, "_id")
    partner_id = stored(str)
    name = stored(str)
    url = stored(str)
    kinds = stored_list(ActivityKind)
    statuses = stored_list(CustomerStatus)
    state = stored(WebhookState)
    version = stored(int)
    created_at = stored(datetime)
    creator_id = stored(str)
    seed = stored(bytes)
    secret_number = stored(int)
    rotated_at = stored_or_none(datetime)
    failing_since = stored_or_none(datetime)

    @derived("filter")
    def raw_filter(self) -> Mapping[str, Any] | None:
        """The filter; None where the webhook receives the events of all customers."""
        raw_filter: Mapping[str, Any] | None = self.document["filter"]
        return raw_filter

    @derived("position")
    def position(self) -> Position:
        """The event up to which everything was delivered."""
        return parse_position(self.document["position"])

    @derived("pending")
    def pending(self) -> Document | None:
        """The delivery that is tried again: its id, event_at, attempts, first_attempt_at and next_attempt_at."""
        pending: Document | None = self.document["pending"]
        return pending


class WebhookDeliveryDocument(StoredDocument):
    """The delivery of one event to one webhook; `state` is that after the last attempt."""

    id = stored(str, "_id")
    event_id = stored(str)
    state = stored(WebhookDeliveryState)
    attempts = stored(int)
    attempted_at = stored(datetime)
    response_status = stored_or_none(int)
    error = stored_or_none(str)
    milliseconds = stored(int)
    next_attempt_at = stored_or_none(datetime)


def position_document(position: Position) -> Document:
    """Return the stored form of a position."""
    return {"time": position.time, "token": position.token}


def parse_position(document: Document) -> Position:
    """Return the position of its stored form."""
    return Position(document["time"], document["token"])


class Webhooks:
    """The webhooks of the partner; none for a viewer without MANAGE_INTEGRATIONS."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    @property
    def _is_permitted(self) -> bool:
        role = self._scope.role
        return role is None or has_permission(role, Permission.MANAGE_INTEGRATIONS)

    async def all(self) -> list[WebhookDocument]:
        """Return all webhooks in the order of their creation."""
        documents = await self._scope.collection(COLLECTION).find(
            self._scope.match(), sort=[("_id", 1)], limit=MAX_WEBHOOKS
        )
        return list(map(WebhookDocument, documents))

    async def by_ids(self, ids: Sequence[str]) -> dict[str, WebhookDocument]:
        """Return the webhooks with these ids, by id, in one query."""
        documents = await self._find(COLLECTION, ids, None)
        return {document["_id"]: WebhookDocument(document) for document in documents}

    async def deliveries_by_ids(
        self, ids: Sequence[str], projection: Projection = None
    ) -> dict[str, WebhookDeliveryDocument]:
        """Return the deliveries with these ids, by id, in one query."""
        documents = await self._find(DELIVERIES, ids, projection)
        return {document["_id"]: WebhookDeliveryDocument(document) for document in documents}

    def deliveries(
        self, webhook_id: str, states: Sequence[WebhookDeliveryState] | None
    ) -> Listing[WebhookDeliveryDocument]:
        """Return the list of a webhook's deliveries in one of the states, newest first."""
        where: Document = {**self._scope.match(), "webhook_id": webhook_id}
        if states is not None:
            where["state"] = {"$in": [str(state) for state in states]}
        identity = (webhook_id, states)
        return Listing(self._scope, DELIVERIES, where, _COLUMNS, WebhookDeliveryDocument, identity, index=NEWEST_INDEX)

    async def _find(self, collection: str, ids: Sequence[str], projection: Projection) -> list[Document]:
        if not self._is_permitted:
            return []
        where = {**self._scope.match(), "_id": {"$in": list(ids)}}
        fields = None if projection is None else projection_document(projection)
        return await self._scope.collection(collection).find(where, fields)
