"""The keys of a customer document: one for every condition that a filter or a viewer's visibility can ask for."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from domain.customers import key_dimensions as dimensions
from domain.customers.key_dimensions import DIMENSIONS_BY_NAME, EXPIRY_BUCKETS, dimension_of
from domain.text.folding import prefix_keys
from domain.types import CustomerStatus, SubscriptionType

# A condition is answered by one or more keys: every match has at least one of them.
Keys = tuple[str, ...]
ALL_CUSTOMERS_KEY = "*"
EXPIRED_KEY = dimensions.STATUS.key(CustomerStatus.EXPIRED)
# About two thirds of the customers have these. A customer that lacks one stores an absence key, because a list of the
# others would otherwise pass everybody who has it in the orders where those come first.
COMMON_KEYS = (
    dimensions.STATUS.key(CustomerStatus.SUBSCRIPTION),
    dimensions.SUBSCRIPTION_TYPE.key(SubscriptionType.SUBSCRIPTION),
)
# Every write of a customer selects among about 45 keys, so the properties are looked up by name (4 µs instead of 70).
_EVENT_DIMENSIONS = frozenset(name for name, dimension in DIMENSIONS_BY_NAME.items() if dimension.is_in_events)
_ORDER_DIMENSIONS = frozenset(name for name, dimension in DIMENSIONS_BY_NAME.items() if dimension.is_in_order_keys)
_BUCKET_HOURS = tuple(EXPIRY_BUCKETS)
_EPOCH = datetime(1970, 1, 1)
_HOUR = timedelta(hours=1)
_LONG_WINDOW = timedelta(days=120)


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
    """Return the keys of a customer that exists, without those of running products and holdings."""
    time_dependent = [
        *map(dimensions.STATUS.key, statuses),
        *map(dimensions.SUBSCRIPTION_TYPE.key, subscription_types),
    ]
    return [
        ALL_CUSTOMERS_KEY,
        dimensions.MANAGED_BY.key(managed_by),
        *map(dimensions.PRODUCT.key, products),
        *time_dependent,
        *(absence_key(key) for key in COMMON_KEYS if key not in time_dependent),
        *map(dimensions.TAG.key, sorted(set(tag_ids))),
        *map(dimensions.ADMINISTRATOR.key, sorted(set(administrator_ids))),
        *([dimension_key(dimensions.COUNTRY.name, country)] if country else []),
        *expiry_keys(expiring_ends),
        *prefix_keys(words),
    ]


def running_keys(products: Iterable[str]) -> list[str]:
    """Return a key for each product of a running line. Events keep these keys, orders do not."""
    return list(map(dimensions.RUNNING.key, products))


def dimension_key(dimension: str, value: str) -> str:
    """Return the key of one value, such as `status:EXPIRED`; countries compare without case."""
    is_country = dimension == dimensions.COUNTRY.name
    return DIMENSIONS_BY_NAME[dimension].key(value.upper() if is_country else value)


def absence_key(key: str) -> str:
    """Return the key of the customers that lack one of COMMON_KEYS."""
    return dimensions.ABSENCE.key(key)


def select_event_keys(keys: Sequence[str]) -> list[str]:
    """Return the keys that an event keeps."""
    return [key for key in keys if key.partition(":")[0] in _EVENT_DIMENSIONS]


def ordering_keys(keys: Iterable[str]) -> list[str]:
    """Return the keys that belong into `order_keys`."""
    return [key for key in keys if is_ordering(key)]


def is_ordering(key: str) -> bool:
    """Whether the key is a range scan of every order; the other keys are one in the order of names alone."""
    return key.partition(":")[0] in _ORDER_DIMENSIONS


def is_time_dependent_key(key: str) -> bool:
    """Whether a status or an end decides on the key."""
    return dimension_of(key).is_time_dependent


def requires_living_entitlement(keys: Keys) -> bool:
    """Whether a customer with any of the keys has a living entitlement."""
    return all(dimension_of(key).implies_living_entitlement and key != EXPIRED_KEY for key in keys)


def expiry_keys(expiring_ends: Iterable[datetime]) -> list[str]:
    """Return the keys of the buckets that the ends are in, sorted and distinct."""
    hours = {_hour(end) for end in expiring_ends}
    return sorted({_bucket_key(size, hour // size) for hour in hours for size in _BUCKET_HOURS})


def expiry_window_keys(after: datetime, until: datetime) -> list[str]:
    """Return the smallest set of buckets that covers every hour from `after` to `until`, both included."""
    return sorted(_cover(_hour(after), _hour(until), len(_BUCKET_HOURS) - 1))


def ordering_expiry_window_keys(after: datetime, until: datetime) -> list[str]:
    """Return the smallest set of buckets of `order_keys` that covers the window.

    The buckets extend beyond the window by at most 64 hours, or 512 hours where it is longer than 120 days.
    """
    size = _BUCKET_HOURS[2] if until - after <= _LONG_WINDOW else _BUCKET_HOURS[3]
    first, last = _hour(after) // size * size, _hour(until) // size * size + size - 1
    return sorted(_cover(first, last, len(_BUCKET_HOURS) - 1))


def _cover(first: int, last: int, level: int) -> list[str]:
    if first > last:
        return []
    size = _BUCKET_HOURS[level]
    full_from, full_until = -(-first // size), (last + 1) // size
    if full_from >= full_until:
        return _cover(first, last, level - 1)
    full = [_bucket_key(size, number) for number in range(full_from, full_until)]
    left = _cover(first, full_from * size - 1, level - 1)
    right = _cover(full_until * size, last, level - 1)
    return [*left, *full, *right]


def _bucket_key(size: int, number: int) -> str:
    return EXPIRY_BUCKETS[size].key(str(number))


def _hour(instant: datetime) -> int:
    return (instant - _EPOCH) // _HOUR
