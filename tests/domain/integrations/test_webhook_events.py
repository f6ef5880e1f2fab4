"""Which events a webhook receives, and the body of a delivery."""

from datetime import datetime
from typing import Any

from domain.customers.matching import CustomerValues
from domain.integrations.webhook_events import EventDetails, WebhookCondition, delivery_body
from domain.partner.activity import FieldChange

EVENT: dict[str, Any] = {
    "_id": "evt_1",
    "kind": "STATUS_CHANGED",
    "at": datetime(2026, 11, 29, 8),
    "subject_id": "cus_1",
    "summary": "Acme is now expired",
    "entered": ["EXPIRED"],
    "left": ["TRIAL"],
    "statuses": ["EXPIRED"],
}
GERMAN, FRENCH = CustomerValues({"country:DE"}), CustomerValues({"country:FR"})


def _chooses(kinds: str = "", statuses: str = "", country: str | None = None, *facts: CustomerValues | None) -> bool:
    raw_filter = None if country is None else {"country": [country]}
    return WebhookCondition.of(kinds.split(), statuses.split(), raw_filter).chooses(EVENT, facts)


def test_empty_lists_choose_every_event() -> None:
    assert _chooses()


def test_kinds_and_statuses_choose_events() -> None:
    assert _chooses("TAG_CREATED STATUS_CHANGED") and not _chooses("TAG_CREATED")
    assert _chooses("", "TRIAL") and _chooses("", "EXPIRED") and not _chooses("", "SUSPENDED")


def test_a_filter_chooses_customers_that_matched_before_or_after() -> None:
    assert _chooses("", "", "DE", FRENCH, GERMAN) and _chooses("", "", "DE", GERMAN, FRENCH)
    assert not _chooses("", "", "DE", FRENCH, FRENCH) and not _chooses("", "", "DE", None, None)


def test_the_body_names_the_event_and_its_cursor() -> None:
    customer = {"id": "cus_1", "externalId": "ACME", "name": "Acme"}
    body = delivery_body(EVENT, EventDetails(None, customer, [FieldChange("statuses", ["TRIAL"], ["EXPIRED"])]), "c1")
    assert (body["type"], body["timestamp"]) == ("status.changed", "2026-11-29T08:00:00Z")
    assert body["data"]["id"] == "evt_1" and body["data"]["customer"] == customer and body["data"]["cursor"] == "c1"
    assert body["data"]["entered"] == ["EXPIRED"] and body["data"]["left"] == ["TRIAL"]
    assert body["data"]["changes"] == [{"field": "statuses", "before": ["TRIAL"], "after": ["EXPIRED"]}]
