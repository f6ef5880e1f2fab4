"""Creates customers with entitlements and assignments through the store's write path, for tests of the API."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from tests.api_server import ApiHarness
from tests.store.factory_customers import add_customer, subscription

DAY = timedelta(days=1)


def line(product: str, total: int, assigned: int = 0, used: int = 0) -> dict[str, Any]:
    """Return a license line as it is stored."""
    return {"product": product, "total": total, "assigned": assigned, "used": used, "day": None}


def trial(number: str, **facts: Any) -> dict[str, Any]:
    """Return a trial that ends in five days."""
    end = facts.pop("ends_at", utc_now() + 5 * DAY)
    return {**subscription(number, ends_at=end, term_months=None), "_id": new_id("tri"), "kind": "TRIAL", **facts}


def assignment(administrator_id: str, **fields: Any) -> dict[str, Any]:
    """Return the assignment of an administrator, without an end."""
    defaults = {"assigned_at": datetime(2026, 5, 1), "assigned_by": None, "expires_at": None, "imported": True}
    return {"administrator_id": administrator_id, **defaults, **fields}


def put_customer(
    api: ApiHarness, external_id: str, *entitlements: Mapping[str, Any], partner: str | None = None, **facts: Any
) -> str:
    """Create a customer of the partner; return its id."""

    async def work(scope: Scope) -> str:
        return await add_customer(scope, external_id, *entitlements, **facts)

    return api.store(work, partner)
