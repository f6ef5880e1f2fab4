"""The peer group of a product, and its threshold of low assignment.

A licence line is *low* where its rate (assigned ÷ total) is below the threshold: the 25th percentile of the rates in
its peer group, but at most MAX_THRESHOLD. Rates are also grouped into *steps* of one hundredth, so that the percentile
can be found in a small histogram instead of all lines.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

MIN_PEER_TOTAL = 5
MIN_PEER_AGE = timedelta(days=30)
MIN_GROUP_SIZE = 8
MAX_THRESHOLD = 0.75
# The last step: it contains every rate from MAX_THRESHOLD upwards, which no threshold exceeds.
MAX_RATE_STEP = 75


class PeerGroup(NamedTuple):
    """The number of lines in the group, and the rate below which a line is low; None where nothing is low."""

    size: int
    threshold: float | None


def license_rate(assigned: int, total: int) -> float | None:
    """Return assigned ÷ total, or None where the total is 0; above 1 for overage."""
    return assigned / total if total else None


def rate_step(rate: float) -> int:
    """Return the hundredth that contains the rate, at most MAX_RATE_STEP; monotonic in the rate."""
    return min(MAX_RATE_STEP, int(rate * 100))


def find_percentile_step(counts: Mapping[int, int]) -> tuple[int, int]:
    """Return the step of the 25th percentile, and how many rates are in lower steps; `counts` is a histogram by step.

    Raise ValueError for an empty histogram.
    """
    rank, lower = percentile_rank(sum(counts.values())), 0
    for step in sorted(counts):
        if lower + counts[step] >= rank:
            return step, lower
        lower += counts[step]
    raise ValueError("An empty group has no rank.")


def latest_peer_addition(now: datetime) -> datetime:
    """Return the latest `added_at` of a line that is old enough for the group: exactly 30 days before `now`."""
    return now - MIN_PEER_AGE


def percentile_rank(size: int) -> int:
    """Return the rank of the 25th percentile in `size` ascending rates: ⌈size ÷ 4⌉, counted from 1 (nearest rank)."""
    return -(-size // 4)


def build_peer_group(size: int, rate_at_rank: float) -> PeerGroup:
    """Return the group of `size` lines; `rate_at_rank` is the rate at `percentile_rank(size)`."""
    return PeerGroup(size, None if size < MIN_GROUP_SIZE else min(rate_at_rank, MAX_THRESHOLD))
