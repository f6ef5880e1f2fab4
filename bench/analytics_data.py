"""The customers of bench/analytics.py, with subscriptions and trials."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.time.instants import truncate_to_milliseconds
from tests.store.factory_customers import subscription, trial

DAY = timedelta(days=1)
# Two or three per customer: 25,000 for 10,000 customers.
ENTITLEMENTS_PER_CUSTOMER = 2.5
_PRODUCTS = (("MEETINGS",), ("CALLING",), ("MEETINGS", "CALLING"), ("MEETINGS", "CALLING", "MESSAGING"))


def generate_customers(customers: int, now: datetime, seed: int = 1) -> Iterator[tuple[str, Sequence[dict[str, Any]]]]:
    """Yield external id and entitlements of each customer."""
    rng = random.Random(seed)
    made = 0
    for number in range(customers):
        count = round((number + 1) * ENTITLEMENTS_PER_CUSTOMER) - made
        yield f"C-{number:05}", [_entitlement(rng, f"E-{made + place:06}", now) for place in range(count)]
        made += count


def _entitlement(rng: random.Random, number: str, now: datetime) -> dict[str, Any]:
    added = truncate_to_milliseconds(now - rng.random() * 900 * DAY)
    licenses = [_line(rng, product) for product in rng.choice(_PRODUCTS)]
    begun = {"added_at": added, "starts_at": added, "licenses": licenses}
    if rng.random() < 0.2:
        ends = truncate_to_milliseconds(now + (rng.random() * 120 - 30) * DAY)
        return trial(number, ends_at=ends, delivered=_delivered(number, ends, begun), **begun)
    ends = truncate_to_milliseconds(now + (rng.random() * 800 - 70) * DAY)
    state = {"set_up": rng.random() > 0.02, "suspended": rng.random() < 0.02}
    facts = {"auto_renew": rng.random() < 0.5, **begun, **state}
    return subscription(number, ends_at=ends, delivered=_delivered(number, ends, facts), **facts)


def _delivered(number: str, ends: datetime, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the delivered facts that an import stores with an entitlement."""
    return {"number": number, "customer": "C-00000", "endsAt": ends, **facts}


def _line(rng: random.Random, product: str) -> dict[str, Any]:
    total = rng.choice((3, 5, 10, 25, 50, 100, 400))
    assigned = int(total * rng.random() ** 0.5 * (1.2 if rng.random() < 0.06 else 1))
    return {"product": product, "total": total, "assigned": assigned, "used": assigned * 2 // 3, "day": None}
