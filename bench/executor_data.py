"""The database of bench.executor: a partner with customers that have tags and subscriptions."""

from datetime import datetime
from typing import Any

from domain.partner.tags import TagColor
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.server_process import PARTNER
from tests.store.factory_customers import DAY, add_customers, subscription

DATABASE, CUSTOMERS, TAGS = "bench", 2_000, 40


async def fill(uri: str) -> list[str]:
    """Add tags, and customers that have three of them and two subscriptions each; return ids of customers."""
    client = Client(uri, DATABASE)
    scope, today = Scope(client, PARTNER, utc_now()), datetime.combine(utc_now().date(), datetime.min.time())
    tags = [_tag(number, today) for number in range(TAGS)]
    await scope.collection("tags").insert_many(tags)
    facts = {
        f"ORG-{number:05}": {
            "name": f"Customer {number} of a Town GmbH",
            "domain": f"customer{number}.example",
            "country": ("DE", "RS", "US", "FR")[number % 4],
            "tag_ids": sorted(tags[(number + step) % TAGS]["_id"] for step in (0, 3, 7)),
        }
        for number in range(CUSTOMERS)
    }
    held = ((name, [_subscription(name, number, today) for number in range(2)]) for name in facts)
    await add_customers(scope, held, facts)
    # Whole seconds, which orjson writes as the API does.
    truncate = {"$set": {"updated_at": {"$dateTrunc": {"date": "$updated_at", "unit": "second"}}}}
    await client.command({"update": "customers", "updates": [{"q": scope.match(), "u": [truncate], "multi": True}]})
    rows = await scope.collection("customers").find(scope.match(), {"_id": 1}, limit=200)
    await client.close()
    return [row["_id"] for row in rows]


def _tag(number: int, today: datetime) -> dict[str, Any]:
    name = f"Tag {number:02}"
    colors = list(TagColor)
    return {
        "_id": f"tag_{number:024x}",
        "partner_id": PARTNER,
        "name": name,
        "name_key": name.lower(),
        "name_folded": name.lower(),
        "color": str(colors[number % len(colors)]),
        "description": None,
        "version": 1,
        "created_at": today,
        "updated_at": today,
        "created_by": None,
    }


def _subscription(customer: str, number: int, today: datetime) -> dict[str, Any]:
    lines = [
        {"product": product, "total": 50, "assigned": 40 + number, "used": 30, "day": None}
        for product in ("MEETINGS", "CALLING")
    ]
    end = today + (200 + number) * DAY
    return subscription(f"SUB-{customer}-{number}", ends_at=end, auto_renew=number == 1, licenses=lines)
