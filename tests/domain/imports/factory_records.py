"""Delivered lines for tests, as JSON values; every argument replaces or adds a key."""

from datetime import UTC, datetime, timedelta
from typing import Any

OMITTED = object()


def days_ago(days: int) -> str:
    """A date; usage and calls of closed weeks are refused, so their days are relative to today."""
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"


def _record(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**values, **changes}.items() if value is not OMITTED}


def customer_record(external_id: str = "C-1", **changes: Any) -> dict[str, Any]:
    return _record({"externalId": external_id, "name": "Acme", "managedBy": "PARTNER_ORGANIZATION"}, changes)


def administrator_record(email: str = "ada@partner.example", **changes: Any) -> dict[str, Any]:
    return _record({"email": email, "displayName": "Ada", "role": "ADMINISTRATOR"}, changes)


def trial_record(number: str = "TRI-1", **changes: Any) -> dict[str, Any]:
    licenses = [{"product": "MEETINGS", "total": 10, "assigned": 5, "used": 3}]
    times = {"addedAt": "2026-11-01T00:00:00Z", "startsAt": "2026-11-01T00:00:00Z", "endsAt": "2026-12-01T00:00:00Z"}
    return _record({"number": number, "customer": "C-1", **times, "licenses": licenses}, changes)


def subscription_record(number: str = "SUB-1", **changes: Any) -> dict[str, Any]:
    return trial_record(number, **{"autoRenew": False, "endsAt": "2040-11-01T00:00:00Z", **changes})


def order_record(number: str = "ORD-1", **changes: Any) -> dict[str, Any]:
    lines = [{"product": "MEETINGS", "quantity": 10}]
    placed = {"kind": "NEW", "placedAt": "2026-11-01T00:00:00Z", "lines": lines}
    return _record({"number": number, "subscription": "SUB-1", **placed}, changes)


def invoice_record(number: str = "INV-1", **changes: Any) -> dict[str, Any]:
    issued = {"state": "OPEN", "issuedOn": "2026-11-01", "dueOn": "2026-12-01", "amount": "1250.00", "currency": "EUR"}
    return _record({"number": number, "subscription": "SUB-1", **issued}, changes)


def resource_record(url: str = "https://help.example/1", **changes: Any) -> dict[str, Any]:
    told = {"title": "Set up", "summary": "How to set up.", "kind": "GUIDE", "products": [], "updatedOn": "2026-11-01"}
    return _record({"url": url, **told}, changes)


def usage_record(entitlement: str = "SUB-1", **changes: Any) -> dict[str, Any]:
    figures = {"product": "MEETINGS", "day": days_ago(2), "assigned": 7, "used": 4}
    return _record({"entitlement": entitlement, **figures}, changes)


def call_record(report_id: str = "R-1", **changes: Any) -> dict[str, Any]:
    """A row of a report, by its columns; the columns that it may leave out are absent."""
    columns = {name.replace("_", " "): value for name, value in changes.items()}
    told = {"Org UUID": "C-1", "Start time": "2026-11-18T09:30:00.000Z", "Duration": "90"}
    return _record({"Report ID": report_id, **told}, columns)


def media_record(report_id: str = "R-1", **changes: Any) -> dict[str, Any]:
    return _record({"reportId": report_id, "packetLossPercent": 0.5, "jitterMs": 12, "latencyMs": 80.5}, changes)


def queue_call_record(id_: str = "Q-1", **changes: Any) -> dict[str, Any]:
    told = {"queue": "Support", "offeredAt": "2026-11-18T09:30:00Z", "outcome": "ANSWERED", "waitSeconds": 20}
    return _record({"id": id_, "customer": "C-1", **told}, changes)
