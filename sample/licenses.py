"""The sample's licence lines: which products go together, how many are ordered, assigned and used."""

from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from sample.seeded_random import Dice

PRODUCT_MIXES: tuple[tuple[tuple[str, ...], int], ...] = (
    (("MEETINGS", "CALLING"), 20),
    (("MEETINGS", "CALLING", "MESSAGING"), 18),
    (("MEETINGS",), 18),
    (("CALLING",), 16),
    (("MEETINGS", "MESSAGING"), 14),
    (("MEETINGS", "CALLING", "MESSAGING", "REAL_TIME_TRANSLATIONS"), 6),
    (("MEETINGS", "MESSAGING", "REAL_TIME_TRANSLATIONS"), 4),
    (("MESSAGING",), 4),
)

# Quantiles of a customer's size in licences: half have fewer than 25, one in fifty more than 3,000.
_SIZES = (
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


class Use(Enum):
    """How the licences of an entitlement are taken up."""

    NORMAL = auto()
    OVER = auto()
    QUIET = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class License:
    product: str
    total: int
    assigned: int
    used: int


def customer_size(dice: Dice) -> int:
    """A skewed size, 1–20,000, straight between the table's quantiles (no logarithm, see Dice)."""
    point = dice.fraction()
    (low, small), (high, large) = next(pair for pair in pairwise(_SIZES) if point < pair[1][0])
    return small + int((large - small) * (point - low) / (high - low))


def draw_licenses(dice: Dice, size: int, use: Use) -> tuple[License, ...]:
    products = dice.weighted(PRODUCT_MIXES)
    over = dice.pick(products) if use is Use.OVER else ""
    return tuple(_draw_license(dice, product, size, Use.OVER if product == over else use) for product in products)


def _draw_license(dice: Dice, product: str, size: int, use: Use) -> License:
    part = dice.share(0.05, 0.3) if product == "REAL_TIME_TRANSLATIONS" else dice.share(0.5, 1.0)
    total = _as_sold(max(1, int(size * part)))
    if use is Use.NONE:
        return License(product, total, 0, 0)
    assigned = _assigned(dice, total, use, product)
    rate = dice.share(0.0, 0.15) if use is Use.QUIET else dice.share(0.35, 0.98)
    return License(product, total, assigned, int(assigned * rate + 0.5))


def _assigned(dice: Dice, total: int, use: Use, product: str) -> int:
    if use is Use.OVER:
        return total + max(1, int(total * dice.share(0.02, 0.2)))
    is_low = dice.chance(0.5 if use is Use.QUIET else 0.12) or product == "REAL_TIME_TRANSLATIONS"
    return int(total * (dice.share(0.05, 0.45) if is_low else 1.0 - dice.fraction() * dice.fraction() * 0.6) + 0.5)


def _as_sold(total: int) -> int:
    """Large orders are round numbers."""
    for bound, unit in ((5_000, 250), (500, 25), (50, 5)):
        if total > bound:
            return total // unit * unit
    return total
