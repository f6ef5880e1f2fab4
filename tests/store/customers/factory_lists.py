"""Customer documents for tests of lists: every field that a list reads, consistent with the others."""

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cmp_to_key
from typing import Any, TypeVar

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from domain.text.folding import fold_for_sorting
from domain.text.words import customer_words
from domain.time.instants import MAX_INSTANT
from domain.types import URGENCY, ManagedBy, Product, SubscriptionType
from store.changes.customer_fields import compute_keys, key_fields
from store.customers.orders import CustomerOrder
from store.database.ids import new_id

DAY = timedelta(days=1)
Value = TypeVar("Value")
NOW = datetime(2026, 11, 22, 12, 30)
NAMES = [
    "Đorđević",
    "dordevic",
    "Müller",
    "Muller AG",
    "株式会社",
    "Straße",
    "हिन्दी",
    "x" * 30,
    "x" * 26,
    "Acme 7",
    "広州食品工業有限公司東京",
    "$where ^d.* {$gt:''}",
]
TAGS = ["tag_1", "tag_2", "tag_3"]
ADMINISTRATORS = ["adm_1", "adm_2"]
COUNTRIES = ["DE", "RS", None]
# Some are at the edges of the windows of conditions, to the millisecond.
ENDS = [NOW, NOW + timedelta(milliseconds=1), NOW + DAY, NOW + DAY + timedelta(milliseconds=1), NOW + 30 * DAY]
ENDS += [NOW + 365 * DAY, NOW + 800 * DAY, NOW - DAY]

_OF_LIVING = ("products", "subscription_types", "expiring_ends", "renewing_ends", "invoice_states", "living_numbers")


def customer_document(rng: random.Random, number: int, **facts: Any) -> dict[str, Any]:
    """Return a customer with few possible values, so that many customers tie."""

    def some(values: Iterable[Value]) -> list[Value]:
        return [value for value in values if rng.random() < 0.4]

    expiring = sorted(set(some(ENDS[1:])[:2]))
    renewing = sorted(set(some(ENDS)[:2]))
    signed_in = rng.choice([None, NOW - DAY, NOW - 90 * DAY])
    document: dict[str, Any] = {
        "_id": new_id("cus"),
        "partner_id": "acme",
        "version": 1,
        "created_at": NOW - rng.randrange(3) * DAY,
        "updated_at": NOW,
        "external_id": f"ORG-{number}",
        "name": rng.choice(NAMES),
        "domain": rng.choice([None, "müller.example"]),
        "country": rng.choice(COUNTRIES),
        "managed_by": str(rng.choice(list(ManagedBy))),
        "last_administrator_sign_in_at": signed_in,
        "statuses": [str(status) for status in some(URGENCY)],
        "status_details": [],
        "products": [str(product) for product in some(Product)],
        "subscription_types": [str(kind) for kind in some(SubscriptionType)],
        "tag_ids": some(TAGS),
        "assignments": [assignment(id_) for id_ in some(ADMINISTRATORS)],
        "expiring_ends": expiring,
        "renewing_ends": renewing,
        "living_numbers": [f"SUB-{number % 7}"] if rng.random() < 0.5 else [],
        "invoice_states": some(["OPEN", "OVERDUE", "PAID"]),
        "next_expiry_at": min([*expiring, *renewing], default=None),
        **facts,
    }
    if "EXPIRED" in document["statuses"]:
        document |= {**{name: [] for name in _OF_LIVING}, "statuses": ["EXPIRED"], "next_expiry_at": None}
    return with_projection(document)


def assignment(administrator_id: str, expires_at: datetime | None = None) -> dict[str, Any]:
    return {
        "administrator_id": administrator_id,
        "assigned_at": NOW,
        "assigned_by": None,
        "expires_at": expires_at,
        "imported": False,
    }


def with_projection(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the fields that follow from the others."""
    texts = ("name", "domain", "external_id", "living_numbers")
    words = customer_words(*(document[name] for name in texts))
    ranks = [rank for rank, status in enumerate(URGENCY) if status in document["statuses"]]
    return {
        **document,
        "name_folded": fold_for_sorting(document["name"]),
        "words": words,
        "urgency": min(ranks, default=None),
        "urgency_sort": min(ranks, default=len(URGENCY)),
        "sign_in_sort": document["last_administrator_sign_in_at"] or MAX_INSTANT,
        "next_expiry_sort": document["next_expiry_at"] or MAX_INSTANT,
        **key_fields(compute_keys({"running_products": (), "holdings": {}, **document, "evaluated_at": NOW}, words)),
    }


def sorted_ids(documents: Sequence[dict[str, Any]], order: CustomerOrder) -> list[str]:
    """Return the ids in the order of the contract: nulls last in both directions, ties in the order's direction."""
    field = {"NAME": "name_folded", "NEXT_EXPIRY_AT": "next_expiry_at", "URGENCY": "urgency"}.get(
        order.field, str(order.field).lower()
    )
    sign = 1 if order.direction == "ASC" else -1

    def compare(one: dict[str, Any], other: dict[str, Any]) -> int:
        a, b = one[field], other[field]
        if a == b:
            ties = [(d["name_folded"].encode(), d["_id"]) for d in (one, other)]
            return -sign if ties[0] < ties[1] else sign
        if a is None or b is None:
            return 1 if a is None else -1
        return sign if a > b else -sign

    return [document["_id"] for document in sorted(documents, key=cmp_to_key(compare))]


class CommandRecorder(CommandListener):
    """The reads that a client sent, for tests that count or explain them."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in ("find", "aggregate", "count"):
            self.sent.append(dict(event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Ignore the event."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Ignore the event."""

    def take(self) -> list[dict[str, Any]]:
        """Return the commands since the last call."""
        sent, self.sent = self.sent, []
        return sent
