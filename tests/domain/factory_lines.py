"""Delivered lines for tests, as JSON values; every argument replaces or adds a key."""

from typing import Any

LEFT_OUT = object()


def _line(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**values, **changes}.items() if value is not LEFT_OUT}


def customer_line(external_id: str = "C-1", **changes: Any) -> dict[str, Any]:
    return _line({"externalId": external_id, "name": "Acme", "managedBy": "PARTNER_ORGANIZATION"}, changes)


def administrator_line(email: str = "ada@partner.example", **changes: Any) -> dict[str, Any]:
    return _line({"email": email, "displayName": "Ada", "role": "ADMINISTRATOR"}, changes)


def trial_line(number: str = "TRI-1", **changes: Any) -> dict[str, Any]:
    licenses = [{"product": "MEETINGS", "total": 10, "assigned": 5, "used": 3}]
    times = {"addedAt": "2026-11-01T00:00:00Z", "startsAt": "2026-11-01T00:00:00Z", "endsAt": "2026-12-01T00:00:00Z"}
    return _line({"number": number, "customer": "C-1", **times, "licenses": licenses}, changes)


def subscription_line(number: str = "SUB-1", **changes: Any) -> dict[str, Any]:
    return trial_line(number, **{"autoRenew": False, "endsAt": "2027-11-01T00:00:00Z", **changes})


def order_line(number: str = "ORD-1", **changes: Any) -> dict[str, Any]:
    lines = [{"product": "MEETINGS", "quantity": 10}]
    placed = {"kind": "NEW", "placedAt": "2026-11-01T00:00:00Z", "lines": lines}
    return _line({"number": number, "subscription": "SUB-1", **placed}, changes)


def invoice_line(number: str = "INV-1", **changes: Any) -> dict[str, Any]:
    issued = {"state": "OPEN", "issuedOn": "2026-11-01", "dueOn": "2026-12-01", "amount": "1250.00", "currency": "EUR"}
    return _line({"number": number, "subscription": "SUB-1", **issued}, changes)


def resource_line(url: str = "https://help.example/1", **changes: Any) -> dict[str, Any]:
    told = {"title": "Set up", "summary": "How to set up.", "kind": "GUIDE", "products": [], "updatedOn": "2026-11-01"}
    return _line({"url": url, **told}, changes)


def usage_line(entitlement: str = "SUB-1", **changes: Any) -> dict[str, Any]:
    figures = {"product": "MEETINGS", "day": "2026-11-20", "assigned": 7, "used": 4}
    return _line({"entitlement": entitlement, **figures}, changes)
