"""Stored customers, entitlements and partners as plain documents, for tests without a database."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.customers.statuses import Thresholds
from domain.types import ActivityKind
from store.changes.customer_change import CustomerChange
from store.database.client import Document
from store.events.log import EventDraft
from store.tenants.partners import PartnerDocument, SettingsEpoch
from tests.stored_documents import stored_partner

DAY = timedelta(days=1)
NOW = datetime(2026, 3, 10, 12)


def partner(*history: tuple[datetime, int]) -> PartnerDocument:
    """A partner whose EXPIRING_SOON window was set to some days at some moments; 30 days by default."""
    steps = history or ((datetime(2020, 1, 1), 30),)
    epochs = [SettingsEpoch(number, at, Thresholds(days, 60)) for number, (at, days) in enumerate(steps, start=1)]
    return stored_partner(*epochs)


def entitlement(number: str = "S-1", **facts: Any) -> Document:
    """A subscription of ten Meetings licences that ends in a year, without auto-renewal."""
    end = facts.pop("ends_at", NOW + 365 * DAY)
    return {
        "_id": f"sub_{number}",
        "customer_id": "cus_1",
        "number": number,
        "kind": "SUBSCRIPTION",
        "added_at": NOW - 100 * DAY,
        "starts_at": NOW - 100 * DAY,
        "first_ends_at": end,
        "ends_at": end,
        "term_months": 12,
        "auto_renew": False,
        "set_up": True,
        "suspended": False,
        "suspended_at": None,
        "cancelled_at": None,
        "overdue_invoice": None,
        "licenses": [{"product": "MEETINGS", "total": 10, "assigned": 5, "used": 3, "day": None}],
        "renewals": 0,
        "extensions": [],
        "started_by": None,
        "ended_early_at": None,
        "converted_to": None,
        "delivered": {},
        **facts,
    }


def stored_customer(
    *entitlements: Document, at: datetime = NOW - DAY, settings: PartnerDocument | None = None, **facts: Any
) -> tuple[Document, list[Document]]:
    """A customer with its entitlements as a change at `at` stored them."""
    change = new_customer(settings, **facts)
    for document in entitlements:
        change.add_entitlement(document)
    change.compute_projection(at)
    return change.customer, list(change.entitlements.values())


def new_customer(settings: PartnerDocument | None = None, **facts: Any) -> CustomerChange:
    """A change that begins a customer; not finished."""
    change = CustomerChange(None, (), settings or partner())
    base: Mapping[str, Any] = {
        "name": "Zenith",
        "external_id": "C-1",
        "managed_by": "PARTNER_ORGANIZATION",
        "created_at": NOW - 100 * DAY,
        "last_administrator_sign_in_at": NOW - 2 * DAY,
        "delivered": {},
    }
    change.update_customer({**base, **facts})
    change.add_event(EventDraft(ActivityKind.CUSTOMER_ADDED, change.id, "Zenith was added"))
    return change
