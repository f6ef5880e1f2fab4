"""The sample's license lines: combinations of products, and ordered, assigned and used quantities."""

from datetime import datetime
from enum import Enum, auto
from itertools import pairwise

from msgspec import Struct

from sample.seeded_random import SeededRandom

PRODUCT_MIXES: tuple[tuple[tuple[str, ...], int], ...] = (
    (("MEETINGS", "CALLING"), 12),
    (("MEETINGS", "CALLING", "MESSAGING"), 11),
    (("MEETINGS",), 28),
    (("CALLING",), 9),
    (("MEETINGS", "MESSAGING"), 26),
    (("MEETINGS", "CALLING", "MESSAGING", "REAL_TIME_TRANSLATIONS"), 4),
    (("MEETINGS", "MESSAGING", "REAL_TIME_TRANSLATIONS"), 6),
    (("MESSAGING",), 4),
)

# Telephones are few beside the licenses of a large customer, so that each of their users can have calls in the sample.
_TELEPHONES_OF_ALL = 6
_LICENSES_PER_TELEPHONE = 120

# Quantiles of a customer's size in licenses: half have fewer than 25, one in fifty has more than 3,000.
_SIZE_QUANTILES = (
    (0.0, 1),
    (0.2, 6),
    (0.5, 25),
    (0.7, 80),
    (0.85, 260),
    (0.94, 1_000),
    (0.98, 3_000),
    (0.995, 9_000),
    (1.0, 20_000),
)


class UsageLevel(Enum):
    """How many of the licenses of an entitlement are assigned and used."""

    NORMAL = auto()
    OVERAGE = auto()
    LOW = auto()
    NONE = auto()


class License(Struct, frozen=True):
    product: str
    total: int
    assigned: int
    used: int
    name: str | None = None

    @property
    def identity(self) -> dict[str, str]:
        """The fields of a record that tell the line from others."""
        return {"product": self.product} | ({} if self.name is None else {"name": self.name})


class LicenseChange(Struct, frozen=True):
    """An order that changed the total of a line by `count`, which is negative for returned licenses."""

    at: datetime
    line: License
    count: int


def draw_customer_size(rng: SeededRandom) -> int:
    """Return a size of 1 to 20,000, interpolated linearly between the quantiles (no logarithm, see SeededRandom)."""
    point = rng.fraction()
    (low, small), (high, large) = next(pair for pair in pairwise(_SIZE_QUANTILES) if point < pair[1][0])
    return small + int((large - small) * (point - low) / (high - low))


def draw_licenses(rng: SeededRandom, size: int, use: UsageLevel) -> tuple[License, ...]:
    products = rng.weighted_choice(PRODUCT_MIXES)
    over = rng.choice(products) if use is UsageLevel.OVERAGE else ""
    return tuple(
        _draw_license(rng, product, size, UsageLevel.OVERAGE if product == over else use) for product in products
    )


def _draw_license(rng: SeededRandom, product: str, size: int, use: UsageLevel) -> License:
    total = _draw_total(rng, product, size)
    if use is UsageLevel.NONE:
        return License(product, total, 0, 0)
    assigned = _draw_assigned(rng, total, use, product)
    rate = rng.uniform(0.0, 0.15) if use is UsageLevel.LOW else rng.uniform(0.35, 0.98)
    return License(product, total, assigned, int(assigned * rate + 0.5))


def _draw_total(rng: SeededRandom, product: str, size: int) -> int:
    part = rng.uniform(0.05, 0.3) if product == "REAL_TIME_TRANSLATIONS" else rng.uniform(0.5, 1.0)
    if product == "CALLING":
        size = min(size, _TELEPHONES_OF_ALL + size // _LICENSES_PER_TELEPHONE)
    return _round_quantity(max(1, int(size * part)))


def _draw_assigned(rng: SeededRandom, total: int, use: UsageLevel, product: str) -> int:
    if use is UsageLevel.OVERAGE:
        return total + max(1, int(total * rng.uniform(0.02, 0.2)))
    is_low = rng.chance(0.5 if use is UsageLevel.LOW else 0.12) or product == "REAL_TIME_TRANSLATIONS"
    return int(total * (rng.uniform(0.05, 0.45) if is_low else 1.0 - rng.fraction() * rng.fraction() * 0.6) + 0.5)


def _round_quantity(total: int) -> int:
    """Round large quantities down to multiples of 5, 25 or 250."""
    for bound, unit in ((5_000, 250), (500, 25), (50, 5)):
        if total > bound:
            return total // unit * unit
    return total
