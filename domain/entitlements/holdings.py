"""Holdings: the summary of a customer's running MEETINGS and CALLING lines, from which KPIs are counted.

A customer stores one holding per product, and a few *holding keys* that follow from its holdings. KPIs are counts over
an index of these keys; the holding itself decides the customers that a key alone cannot
(domain/customers/holding_conditions.py). Each key adds to the cost of writes, so there are few of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from domain.entitlements.license_lines import ANALYTICS_PRODUCTS
from domain.entitlements.lifecycle import Entitlement, renews
from domain.entitlements.peer_groups import (
    MAX_THRESHOLD,
    MIN_PEER_AGE,
    MIN_PEER_TOTAL,
    latest_peer_addition,
    license_rate,
)
from domain.entitlements.product_licenses import ProductLicenses, sum_by_product
from domain.types import PRODUCTS

# The stored summary of one product; `summarize_holdings` defines its fields.
Holding = dict[str, Any]
# Holdings by product name.
Holdings = dict[str, Holding]
# Only KPI conditions use these keys: no filter has them, and no event stores them.
HOLDING_KEY_PREFIX = "holds:"
ANY_HOLDING_KEY = HOLDING_KEY_PREFIX + "any"
EXPIRING, RENEWING, YOUNG = "expiring", "renewing", "young"
_EPOCH = datetime(1970, 1, 1)


class _RunningLine(NamedTuple):
    """The sum over the lines of one product in one entitlement."""

    entitlement: Entitlement
    end: datetime
    figures: ProductLicenses


def summarize_holdings(running: Sequence[tuple[Entitlement, datetime]]) -> Holdings:
    """Return the holdings of running entitlements, each given with its end; a product without a line is absent.

    `expires_at` is the soonest end of an entitlement that does not renew, `renews_at` the soonest end of one that
    does. `rates` lists the lines that are or will be in the peer group and may be low.
    """
    lines = [
        _RunningLine(entitlement, end, figures)
        for entitlement, end in running
        for figures in sum_by_product(entitlement.licenses)
        if figures.product in ANALYTICS_PRODUCTS
    ]
    products = {line.figures.product for line in lines}
    return {
        str(product): _summarize_product([line for line in lines if line.figures.product == product])
        for product in PRODUCTS
        if product in products
    }


def _summarize_product(lines: Sequence[_RunningLine]) -> Holding:
    expiring = sorted({line.end for line in lines if not renews(line.entitlement)})
    renewing = sorted({line.end for line in lines if renews(line.entitlement)})
    return {
        "total": sum(line.figures.total for line in lines),
        "assigned": sum(line.figures.assigned for line in lines),
        "used": sum(line.figures.used for line in lines),
        "expires_at": expiring[0] if expiring else None,
        "renews_at": renewing[0] if renewing else None,
        "expiring_ends": expiring,
        "renewing_ends": renewing,
        "has_overage": any(line.figures.overage > 0 for line in lines),
        "rates": [{"added_at": added_at, "rate": rate} for added_at, rate in sorted(_peer_rates(lines))],
    }


def _peer_rates(lines: Sequence[_RunningLine]) -> Iterator[tuple[datetime, float]]:
    """Yield `added_at` and rate of the lines that can be low: large enough, and below the highest threshold."""
    for line in lines:
        rate = license_rate(line.figures.assigned, line.figures.total)
        if line.figures.total >= MIN_PEER_TOTAL and rate is not None and rate < MAX_THRESHOLD:
            yield line.entitlement.added_at, rate


def next_peer_eligibility_at(holdings: Mapping[str, Holding], now: datetime) -> datetime | None:
    """Return when the next line becomes old enough for its peer group; None where all lines are."""
    times = (moment for holding in holdings.values() for moment in _peer_eligibility_times(holding, now))
    return min(times, default=None)


def _peer_eligibility_times(holding: Holding, now: datetime) -> Iterator[datetime]:
    latest = latest_peer_addition(now)
    return (line["added_at"] + MIN_PEER_AGE for line in holding["rates"] if line["added_at"] > latest)


def holding_keys(holdings: Mapping[str, Holding], evaluated_at: datetime) -> list[str]:
    """Return the keys of a customer's holdings, sorted.

    A product has at most five: overage; the day of the soonest end and of the soonest renewal; the lowest rate of a
    line that was old enough for its peer group at the evaluation; the day on which the next line becomes old enough.
    """
    keys = set(timeless_holding_keys(holdings))
    latest = latest_peer_addition(evaluated_at)
    for product, holding in holdings.items():
        rates = [line["rate"] for line in holding["rates"] if line["added_at"] <= latest]
        if rates:
            keys.add(rate_key(product, uncapped_rate_step(min(rates))))
        eligible_at = min(_peer_eligibility_times(holding, evaluated_at), default=None)
        days = {EXPIRING: holding["expires_at"], RENEWING: holding["renews_at"], YOUNG: eligible_at}
        keys.update(day_key(which, product, day_number(moment)) for which, moment in days.items() if moment is not None)
    return sorted(keys)


def timeless_holding_keys(holdings: Mapping[str, Holding]) -> list[str]:
    """Return the keys that do not depend on the moment: whether there are holdings, and the products with overage."""
    overages = [overage_key(product) for product, holding in holdings.items() if holding["has_overage"]]
    return [ANY_HOLDING_KEY, *overages] if holdings else []


def overage_key(product: str) -> str:
    """Return the key of customers with a running line that has more licences assigned than ordered."""
    return f"{HOLDING_KEY_PREFIX}over:{product}"


def day_key(which: str, product: str, day: int) -> str:
    """Return the key of customers whose soonest EXPIRING, RENEWING or YOUNG moment is on the day."""
    return f"{HOLDING_KEY_PREFIX}{which}:{product}:{day}"


def rate_key(product: str, step: int) -> str:
    """Return the key of customers whose lowest rate in the peer group is in the step."""
    return f"{HOLDING_KEY_PREFIX}rate:{product}:{step}"


def day_number(instant: datetime) -> int:
    """Return the number of UTC days since 1970-01-01."""
    return (instant - _EPOCH).days


def uncapped_rate_step(rate: float) -> int:
    """Return the hundredth that contains the rate, without the cap of `rate_step`; monotonic in the rate."""
    return int(rate * 100)
