"""The peer group of low assignment, and the threshold that it sets (domain.md, "KPIs and licence analytics")."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

MIN_PEER_TOTAL = 5
MIN_PEER_AGE = timedelta(days=30)
MIN_GROUP_SIZE = 8
MAX_THRESHOLD = 0.75
# The step of all rates that no threshold exceeds.
MAX_RATE_STEP = 75


class PeerGroup(NamedTuple):
    """How many lines there are to compare with, and the rate below which one of them is low; None: nothing is low."""

    size: int
    threshold: float | None


def license_rate(assigned: int, total: int) -> float | None:
    """How much of a line is assigned; None where there is nothing to assign."""
    return assigned / total if total else None


def rate_step(rate: float) -> int:
    """The hundredth that the rate lies in, a higher rate never in a lower one; MAX_RATE_STEP for 0.75 and above."""
    return min(MAX_RATE_STEP, int(rate * 100))


def find_percentile_step(counts: Mapping[int, int]) -> tuple[int, int]:
    """The step that the rate at `rank` lies in, and how many rates lie in lower ones; `counts` are by step."""
    wanted, before = percentile_rank(sum(counts.values())), 0
    for step in sorted(counts):
        if before + counts[step] >= wanted:
            return step, before
        before += counts[step]
    raise ValueError("An empty group has no rank.")


def latest_peer_addition(now: datetime) -> datetime:
    """The latest addition that makes a line old enough for the group: 30 days ago, that moment included."""
    return now - MIN_PEER_AGE


def percentile_rank(size: int) -> int:
    """The place of the 25th percentile among the rates in ascending order, counted from 1 (nearest rank)."""
    return -(-size // 4)


def build_peer_group(size: int, rate_at_rank: float) -> PeerGroup:
    """The group of so many lines; the rate is the one at `percentile_rank(size)`."""
    return PeerGroup(size, None if size < MIN_GROUP_SIZE else min(rate_at_rank, MAX_THRESHOLD))
