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


def usage_line(entitlement: str = "SUB-1", **changes: Any) -> dict[str, Any]:
    figures = {"product": "MEETINGS", "day": "2026-11-20", "assigned": 7, "used": 4}
    return _line({"entitlement": entitlement, **figures}, changes)
