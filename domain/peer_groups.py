"""The peer group of low assignment, and the threshold that it sets (domain.md, "KPIs and licence analytics")."""

from datetime import datetime, timedelta
from typing import NamedTuple

SMALLEST_TOTAL = 5
LEAST_AGE = timedelta(days=30)
SMALLEST_GROUP = 8
HIGHEST_THRESHOLD = 0.75


class PeerGroup(NamedTuple):
    """How many lines there are to compare with, and the rate below which one of them is low; None: nothing is low."""

    size: int
    threshold: float | None


def rate_of(assigned: int, total: int) -> float | None:
    """How much of a line is assigned; None where there is nothing to assign."""
    return assigned / total if total else None


def peers_added_until(now: datetime) -> datetime:
    """The latest addition that makes a line old enough for the group: 30 days ago, that moment included."""
    return now - LEAST_AGE


def rank(size: int) -> int:
    """The place of the 25th percentile among the rates in ascending order, counted from 1 (nearest rank)."""
    return -(-size // 4)


def peer_group(size: int, rate_at_rank: float) -> PeerGroup:
    """The group of so many lines; the rate is the one at `rank(size)`."""
    return PeerGroup(size, None if size < SMALLEST_GROUP else min(rate_at_rank, HIGHEST_THRESHOLD))
