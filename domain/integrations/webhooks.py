"""Webhooks: their states, limits and the inputs of their mutations."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct

from domain.inputs import ABSENT, Omittable
from domain.types import ActivityKind, CustomerStatus

MAX_WEBHOOKS = 20
MAX_NAME_LENGTH = 100
MAX_URL_LENGTH = 2_000
DELIVERY_RETENTION = timedelta(days=14)


class WebhookState(StrEnum):
    """Whether a webhook receives events, and why not."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    DISABLED = "DISABLED"


class WebhookDeliveryState(StrEnum):
    """What became of the delivery of one event."""

    DELIVERED = "DELIVERED"
    RETRYING = "RETRYING"
    FAILED = "FAILED"


class CreateWebhook(Struct, frozen=True, kw_only=True):
    """A new webhook. An absent or empty list means every kind or every status."""

    name: str
    url: str
    kinds: Omittable[tuple[ActivityKind, ...]] = ABSENT
    statuses: Omittable[tuple[CustomerStatus, ...]] = ABSENT
    filter: Omittable[Mapping[str, Any]] = ABSENT
    after: Omittable[str] = ABSENT


class UpdateWebhook(Struct, frozen=True, kw_only=True):
    """Changes of a webhook; an absent field keeps its value."""

    id: str
    version: int
    name: Omittable[str] = ABSENT
    url: Omittable[str] = ABSENT
    kinds: Omittable[tuple[ActivityKind, ...]] = ABSENT
    statuses: Omittable[tuple[CustomerStatus, ...]] = ABSENT
    filter: Omittable[Mapping[str, Any]] = ABSENT
    paused: Omittable[bool] = ABSENT


class DeleteWebhook(Struct, frozen=True, kw_only=True):
    """The webhook to be deleted."""

    id: str


class RotateWebhookSecret(Struct, frozen=True, kw_only=True):
    """The webhook that gets a new secret."""

    id: str


class SendWebhookSample(Struct, frozen=True, kw_only=True):
    """The webhook that receives a sample event."""

    id: str


class ReplayWebhook(Struct, frozen=True, kw_only=True):
    """The webhook that receives all events after the cursor again."""

    id: str
    after: str
