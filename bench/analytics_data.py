"""The partner of bench/analytics.py: customers with subscriptions and trials, made through the one write path."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.time.instants import cut
from tests.store.factory_customers import subscription, trial

DAY = timedelta(days=1)
# Two to three each: 25,000 for 10,000 customers.
ENTITLEMENTS = 2.5
_PRODUCTS = (("MEETINGS",), ("CALLING",), ("MEETINGS", "CALLING"), ("MEETINGS", "CALLING", "MESSAGING"))


def made_customers(customers: int, now: datetime, seed: int = 1) -> Iterator[tuple[str, Sequence[dict[str, Any]]]]:
    """External id and entitlements of each."""
    dice = random.Random(seed)
    made = 0
    for number in range(customers):
        count = round((number + 1) * ENTITLEMENTS) - made
        yield f"C-{number:05}", [_entitlement(dice, f"E-{made + place:06}", now) for place in range(count)]
        made += count


def _entitlement(dice: random.Random, number: str, now: datetime) -> dict[str, Any]:
    added = cut(now - dice.random() * 900 * DAY)
    licenses = [_line(dice, product) for product in dice.choice(_PRODUCTS)]
    begun = {"added_at": added, "starts_at": added, "licenses": licenses}
    if dice.random() < 0.2:
        ends = cut(now + (dice.random() * 120 - 30) * DAY)
        return trial(number, ends_at=ends, delivered=_delivered(number, ends, begun), **begun)
    ends = cut(now + (dice.random() * 800 - 70) * DAY)
    state = {"set_up": dice.random() > 0.02, "suspended": dice.random() < 0.02}
    facts = {"auto_renew": dice.random() < 0.5, **begun, **state}
    return subscription(number, ends_at=ends, delivered=_delivered(number, ends, facts), **facts)


def _delivered(number: str, ends: datetime, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What an import keeps of the line behind an entitlement."""
    return {"number": number, "customer": "C-00000", "endsAt": ends, **facts}


def _line(dice: random.Random, product: str) -> dict[str, Any]:
    total = dice.choice((3, 5, 10, 25, 50, 100, 400))
    assigned = int(total * dice.random() ** 0.5 * (1.2 if dice.random() < 0.06 else 1))
    return {"product": product, "total": total, "assigned": assigned, "used": assigned * 2 // 3, "day": None}
