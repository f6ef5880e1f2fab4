"""Licence lines for tests of reports, looked at from NOW."""

from datetime import timedelta
from typing import Any

from store.database.clock import utc_now
from tests.store.factory_customers import DAY, subscription

# Ahead of every write, however late this module's turn comes: what ends at this moment still runs when it is written.
NOW = utc_now() + timedelta(hours=2)


def held(number: str, total: int = 10, assigned: int = 5, used: int = 3, **facts: Any) -> dict[str, Any]:
    """A subscription to Meetings that runs for long, added long ago."""
    lines = [{"product": "MEETINGS", "total": total, "assigned": assigned, "used": used, "day": None}]
    long: dict[str, Any] = {"added_at": NOW - 400 * DAY, "starts_at": NOW - 400 * DAY, "ends_at": NOW + 400 * DAY}
    return subscription(number, licenses=lines, **{**long, **facts})
