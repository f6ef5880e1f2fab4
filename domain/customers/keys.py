"""The keys of a customer document: one for every condition that a filter or a viewer's visibility can ask for."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from domain.customers import key_dimensions as dimensions
from domain.customers.key_dimensions import DIMENSIONS_BY_NAME, Dimension, dimension_of
from domain.customers.time_buckets import CREATIONS, EXPIRIES, RENEWALS, SIGN_INS
from domain.text.words import word_keys
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
_PRESENCE_DIMENSIONS = (dimensions.HAS_TAGS, dimensions.HAS_ASSIGNMENTS)
_PRESENT, _ABSENT = "yes", "no"


def build_customer_keys(
    *,
    managed_by: str,
    products: Iterable[str],
    statuses: Iterable[str],
    subscription_types: Iterable[str],
    tag_ids: Iterable[str],
    administrator_ids: Iterable[str],
    country: str | None,
    invoice_states: Iterable[str],
    words: Iterable[str],
) -> list[str]:
    """Return the keys of a customer that exists, without those of running products, holdings and instants."""
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
        *tag_keys(tag_ids),
        *assignment_keys(administrator_ids),
        *([dimension_key(dimensions.COUNTRY.name, country)] if country else []),
        *map(dimensions.INVOICE.key, invoice_states),
        *word_keys(words),
    ]


def instant_keys(
    *,
    expiring_ends: Iterable[datetime],
    renewing_ends: Iterable[datetime],
    created_at: datetime,
    last_sign_in_at: datetime | None,
) -> list[str]:
    """Return the keys of the buckets of time of a customer that exists."""
    return [
        *EXPIRIES.keys(expiring_ends),
        *RENEWALS.keys(renewing_ends),
        *CREATIONS.keys([created_at]),
        *SIGN_INS.keys([] if last_sign_in_at is None else [last_sign_in_at]),
    ]


def tag_keys(tag_ids: Iterable[str]) -> list[str]:
    """Return the keys that a customer has because of its tags."""
    return _value_keys(dimensions.TAG, dimensions.HAS_TAGS, tag_ids)


def assignment_keys(administrator_ids: Iterable[str]) -> list[str]:
    """Return the keys that a customer has because of its assignments."""
    return _value_keys(dimensions.ADMINISTRATOR, dimensions.HAS_ASSIGNMENTS, administrator_ids)


def _value_keys(dimension: Dimension, presence: Dimension, values: Iterable[str]) -> list[str]:
    """Return a key for each value, and one that says whether there are any."""
    keys = list(map(dimension.key, sorted(set(values))))
    return [*keys, presence_key(presence.name, is_present=bool(keys))]


def running_keys(products: Iterable[str]) -> list[str]:
    """Return a key for each product of a running line. Events keep these keys, orders do not."""
    return list(map(dimensions.RUNNING.key, products))


def dimension_key(dimension: str, value: str) -> str:
    """Return the key of one value, such as `status:EXPIRED`; countries compare without case."""
    is_country = dimension == dimensions.COUNTRY.name
    return DIMENSIONS_BY_NAME[dimension].key(value.upper() if is_country else value)


def presence_key(dimension: str, *, is_present: bool) -> str:
    """Return the key of the customers that have, or lack, any tags or assignments."""
    return DIMENSIONS_BY_NAME[dimension].key(_PRESENT if is_present else _ABSENT)


def is_presence_key(key: str) -> bool:
    """Whether the key is one of two, of which every customer has exactly one."""
    return dimension_of(key) in _PRESENCE_DIMENSIONS


def complementary_key(key: str) -> str:
    """Return the other one of two presence keys."""
    dimension, _, value = key.partition(":")
    return presence_key(dimension, is_present=value == _ABSENT)


def absence_key(key: str) -> str:
    """Return the key of the customers that lack one of COMMON_KEYS."""
    return dimensions.ABSENCE.key(key)


def select_event_keys(keys: Sequence[str]) -> list[str]:
    """Return the keys that an event keeps."""
    return [key for key in keys if key.partition(":")[0] in _EVENT_DIMENSIONS]


def ordering_keys(keys: Iterable[str]) -> list[str]:
    """Return the keys that belong into `order_keys`."""
    return [key for key in keys if key.partition(":")[0] in _ORDER_DIMENSIONS]


def is_ordering(key: str) -> bool:
    """Whether the key is a range scan of every order; the other keys are one in the order of names alone."""
    return key.partition(":")[0] in _ORDER_DIMENSIONS


def is_time_dependent_key(key: str) -> bool:
    """Whether a status or an end decides on the key."""
    return dimension_of(key).is_time_dependent


def requires_living_entitlement(keys: Keys) -> bool:
    """Whether a customer with any of the keys has a living entitlement."""
    return all(dimension_of(key).implies_living_entitlement and key != EXPIRED_KEY for key in keys)
