"""Estimates of how many customers have some keys: the counted number where there is one, else a share by dimension."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple, Protocol

from domain.customers.key_dimensions import estimate_key_share
from domain.customers.keys import ALL_CUSTOMERS_KEY, Keys

# The number of rows that a page reads, as the estimates assume it: the usual 50, and one for `has_next`.
PAGE_ROWS = 51


class KeyCounts(Protocol):
    """The counts of one partner's customers by keys."""

    def known_count(self, keys: Keys) -> int | None:
        """Return the number of customers with any of the keys; None where they were not counted."""

    async def count(self, alternatives: Sequence[Keys]) -> Mapping[Keys, int]:
        """Return the number of customers for each of the alternatives; count what is not known."""


class Estimate(NamedTuple):
    """A number of customers; `is_known` tells a count from an assumption."""

    customers: float
    is_known: bool


def estimate_count(counts: KeyCounts, keys: Keys, customers: int) -> Estimate:
    """Return how many of `customers` have any of the keys."""
    known_count = counts.known_count(keys)
    return Estimate(customers * _assumed_share(keys), False) if known_count is None else Estimate(known_count, True)


def has_share(counts: KeyCounts, keys: Keys, share: float) -> bool:
    """Whether at least this share of the partner's customers, from 0 to 1, has any of the keys."""
    count, total = counts.known_count(keys), counts.known_count((ALL_CUSTOMERS_KEY,))
    return _assumed_share(keys) >= share if count is None or total is None else count >= share * total


def estimate_scanned(count: float, other_counts: Sequence[float], customers: int) -> float:
    """Return how many of `count` customers a scan passes to fill a page, if all conditions were independent."""
    return min(count, PAGE_ROWS * prod(max(1.0, customers / max(1.0, other)) for other in other_counts))


def _assumed_share(keys: Keys) -> float:
    return min(1.0, sum(map(estimate_key_share, keys)))
