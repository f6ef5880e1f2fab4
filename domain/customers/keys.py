"""The keys that a customer document carries: one for everything that a filter or a viewer's sight can ask of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from domain.entitlements.holdings import HOLDING_KEY_PREFIX
from domain.text.folding import WORD_KEY_PREFIX, prefix_keys

ALL_CUSTOMERS_KEY = "*"
EXPIRY_KEY_PREFIX = "ends:"
_ABSENCE_KEY_PREFIX = "no:"
_RUNNING = "running"
# What most customers of a partner have: who has it not carries a key that says so, since a list of them would pass by
# all the others where these come first.
COMMON_KEYS = ("status:SUBSCRIPTION", "type:SUBSCRIPTION")
# An end stands in one bucket of each size, so that a window of a year is a few dozen buckets and none is cut by
# more than an hour: 1 h, 8 h, 64 h and 512 h.
_BUCKET_HOURS = (1, 8, 64, 512)
_EPOCH = datetime(1970, 1, 1)
_HOUR = timedelta(hours=1)
_LONG_WINDOW = timedelta(days=120)
# Their stretches are read in the order of names alone: a word has too many beginnings, and the rest is too fine.
_NAME_ORDER_PREFIXES = (
    WORD_KEY_PREFIX,
    HOLDING_KEY_PREFIX,
    f"{_RUNNING}:",
    *(f"{EXPIRY_KEY_PREFIX}{size}:" for size in _BUCKET_HOURS[:2]),
)


def build_customer_keys(
    *,
    managed_by: str,
    products: Iterable[str],
    statuses: Iterable[str],
    subscription_types: Iterable[str],
    tag_ids: Iterable[str],
    administrator_ids: Iterable[str],
    country: str | None,
    words: Iterable[str],
    expiring_ends: Iterable[datetime],
) -> list[str]:
    """The whole `keys` array of a customer that exists; a removed one has none."""
    held = [
        *(dimension_key("status", value) for value in statuses),
        *(dimension_key("type", value) for value in subscription_types),
    ]
    return [
        ALL_CUSTOMERS_KEY,
        dimension_key("managed_by", managed_by),
        *(dimension_key("product", value) for value in products),
        *held,
        *(absence_key(key) for key in COMMON_KEYS if key not in held),
        *(dimension_key("tag", value) for value in sorted(set(tag_ids))),
        *(dimension_key("administrator", value) for value in sorted(set(administrator_ids))),
        *([dimension_key("country", country)] if country else []),
        *expiry_keys(expiring_ends),
        *prefix_keys(words),
    ]


def running_keys(products: Iterable[str]) -> list[str]:
    """A key for each product of which a line runs: the only keys of an event that are no ordering keys."""
    return [dimension_key(_RUNNING, product) for product in products]


def dimension_key(dimension: str, value: str) -> str:
    """The key of one value, such as `status:EXPIRED`; countries compare without case."""
    return f"{dimension}:{value.upper() if dimension == 'country' else value}"


def absence_key(key: str) -> str:
    """The key of those who do not have one of COMMON_KEYS."""
    return _ABSENCE_KEY_PREFIX + key


def select_event_keys(keys: Sequence[str]) -> list[str]:
    """The keys that an event keeps: those that time and spelling do not make."""
    return [
        key
        for key in keys
        if not key.startswith((WORD_KEY_PREFIX, EXPIRY_KEY_PREFIX, HOLDING_KEY_PREFIX, _ABSENCE_KEY_PREFIX))
    ]


def ordering_keys(keys: Iterable[str]) -> list[str]:
    """Those of a customer's keys that have a stretch of their own in every order."""
    return [key for key in keys if is_ordering(key)]


def is_ordering(key: str) -> bool:
    """Whether a key has a stretch of its own in every order, and not in that of names alone."""
    return not key.startswith(_NAME_ORDER_PREFIXES)


def is_time_dependent_key(key: str) -> bool:
    """Whether statuses and ends decide on a key, and so what time does."""
    return key.startswith(("status:", "type:", EXPIRY_KEY_PREFIX, _ABSENCE_KEY_PREFIX))


def expiry_keys(expiring_ends: Iterable[datetime]) -> list[str]:
    """The keys of the buckets of time that the ends lie in, sorted, each once."""
    hours = {_hour(end) for end in expiring_ends}
    return sorted({_bucket_key(size, hour // size) for hour in hours for size in _BUCKET_HOURS})


def expiry_window_keys(after: datetime, until: datetime) -> list[str]:
    """The fewest buckets that cover every hour from `after` to `until`, both included."""
    return sorted(_cover(_hour(after), _hour(until), len(_BUCKET_HOURS) - 1))


def ordering_expiry_window_keys(after: datetime, until: datetime) -> list[str]:
    """The fewest buckets among the ordering keys that cover the window.

    They reach beyond it, by 64 hours at most; those of a long window by 512.
    """
    size = _BUCKET_HOURS[2] if until - after <= _LONG_WINDOW else _BUCKET_HOURS[3]
    first, last = _hour(after) // size * size, _hour(until) // size * size + size - 1
    return sorted(_cover(first, last, len(_BUCKET_HOURS) - 1))


def _cover(first: int, last: int, level: int) -> list[str]:
    if first > last:
        return []
    size = _BUCKET_HOURS[level]
    whole_from, whole_until = -(-first // size), (last + 1) // size
    if whole_from >= whole_until:
        return _cover(first, last, level - 1)
    whole = [_bucket_key(size, number) for number in range(whole_from, whole_until)]
    before = _cover(first, whole_from * size - 1, level - 1)
    behind = _cover(whole_until * size, last, level - 1)
    return [*before, *whole, *behind]


def _bucket_key(size: int, number: int) -> str:
    return f"{EXPIRY_KEY_PREFIX}{size}:{number}"


def _hour(instant: datetime) -> int:
    return (instant - _EPOCH) // _HOUR
