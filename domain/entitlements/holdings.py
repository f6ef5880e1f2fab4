"""What a customer holds of MEETINGS and CALLING, by product: the summary that KPIs are counted from, and its keys."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from domain.entitlements.license_lines import ANALYTICS_PRODUCTS
from domain.entitlements.lifecycle import Entitlement, LicenseFigures, renews
from domain.entitlements.peer_groups import (
    MAX_THRESHOLD,
    MIN_PEER_AGE,
    MIN_PEER_TOTAL,
    latest_peer_addition,
    license_rate,
)
from domain.types import Product

Holding = dict[str, Any]
Holdings = dict[str, Holding]
# The keys of holdings, which no filter asks for and no event keeps.
HOLDING_KEY_PREFIX = "holds:"
ANY_HOLDING_KEY = HOLDING_KEY_PREFIX + "any"
EXPIRING, RENEWING, YOUNG = "expiring", "renewing", "young"
_EPOCH = datetime(1970, 1, 1)


class _Held(NamedTuple):
    entitlement: Entitlement
    end: datetime
    figures: LicenseFigures


def summarize_holdings(running: Sequence[tuple[Entitlement, datetime]]) -> Holdings:
    """The summary by product of running entitlements with their ends; a product without a running line is absent.

    `expires_at` is the soonest end without auto-renewal, `renews_at` the soonest with it. `rates` are those of lines
    that may be low once they are old enough.
    """
    held = [
        _Held(one, end, line) for one, end in running for line in one.licenses if line.product in ANALYTICS_PRODUCTS
    ]
    products = {one.figures.product for one in held}
    return {
        str(product): _holding([one for one in held if one.figures.product == product])
        for product in Product
        if product in products
    }


def _holding(held: Sequence[_Held]) -> Holding:
    expiring = sorted({one.end for one in held if not renews(one.entitlement)})
    renewing = sorted({one.end for one in held if renews(one.entitlement)})
    return {
        "total": sum(one.figures.total for one in held),
        "assigned": sum(one.figures.assigned for one in held),
        "used": sum(one.figures.used for one in held),
        "expires_at": expiring[0] if expiring else None,
        "renews_at": renewing[0] if renewing else None,
        "expiring_ends": expiring,
        "renewing_ends": renewing,
        "has_overage": any(one.figures.assigned > one.figures.total for one in held),
        "rates": [{"added_at": added_at, "rate": rate} for added_at, rate in sorted(_rates(held))],
    }


def _rates(held: Sequence[_Held]) -> Iterator[tuple[datetime, float]]:
    for one in held:
        rate = license_rate(one.figures.assigned, one.figures.total)
        if one.figures.total >= MIN_PEER_TOTAL and rate is not None and rate < MAX_THRESHOLD:
            yield one.entitlement.added_at, rate


def next_peer_eligibility_at(holdings: Mapping[str, Holding], now: datetime) -> datetime | None:
    """When the next line becomes old enough for its peer group; None where none will."""
    young = (moment for held in holdings.values() for moment in _peer_eligibility_times(held, now))
    return min(young, default=None)


def _peer_eligibility_times(held: Holding, now: datetime) -> Iterator[datetime]:
    until = latest_peer_addition(now)
    return (line["added_at"] + MIN_PEER_AGE for line in held["rates"] if line["added_at"] > until)


def holding_keys(holdings: Mapping[str, Holding], evaluated_at: datetime) -> list[str]:
    """The keys of a customer's holdings, sorted: few, since each is counted over, and written with every change.

    Each product has one for the soonest end, one for the lowest rate that was old enough for its peer group at the
    evaluation, and one for the day on which the next line becomes so.
    """
    keys = {ANY_HOLDING_KEY} if holdings else set()
    until = latest_peer_addition(evaluated_at)
    for product, held in holdings.items():
        if held["has_overage"]:
            keys.add(overage_key(product))
        old = [line["rate"] for line in held["rates"] if line["added_at"] <= until]
        if old:
            keys.add(rate_key(product, uncapped_rate_step(min(old))))
        young = min(_peer_eligibility_times(held, evaluated_at), default=None)
        days = {EXPIRING: held["expires_at"], RENEWING: held["renews_at"], YOUNG: young}
        keys.update(day_key(which, product, day_number(moment)) for which, moment in days.items() if moment is not None)
    return sorted(keys)


def overage_key(product: str) -> str:
    """A running line has more licences assigned than ordered."""
    return f"{HOLDING_KEY_PREFIX}over:{product}"


def day_key(which: str, product: str, day: int) -> str:
    """The soonest end or renewal of a running line, or a young line's becoming old enough, lies on the day."""
    return f"{HOLDING_KEY_PREFIX}{which}:{product}:{day}"


def rate_key(product: str, step: int) -> str:
    """The lowest rate of a line of the peer group is of this step."""
    return f"{HOLDING_KEY_PREFIX}rate:{product}:{step}"


def day_number(instant: datetime) -> int:
    """The number of the UTC day that the instant lies in."""
    return (instant - _EPOCH).days


def uncapped_rate_step(rate: float) -> int:
    """The hundredth that the rate lies in: a lower step is always a lower rate."""
    return int(rate * 100)
