"""The dimensions of customer keys, and the properties of each dimension that documents, events and lists depend on.

A key is stored as `<dimension>:<value>`, for example `status:EXPIRED`. The text before the first colon is the name of
the dimension; `*` is a dimension with a single key. `DIMENSIONS_BY_NAME` is the only place that knows how keys are
spelled. All other code asks a key's dimension for a property.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from msgspec import Struct, field

from domain.entitlements.holdings import HOLDING_KEY_PREFIX
from domain.entitlements.invoices import InvoiceState
from domain.text.words import WORD_KEY_PREFIX
from domain.types import CustomerStatus, SubscriptionType

# Every further character of a word prefix leaves about this share of the customers (measured on generated names).
_SHARE_PER_CHARACTER: Final = 0.3


class Dimension(Struct, frozen=True):
    """One kind of key.

    `estimated_share` is the share of a large partner's customers that a key of this dimension is assumed to have until
    the key is counted; `shares_by_value` names the values that are more common.
    """

    name: str
    estimated_share: float
    shares_by_value: Mapping[str, float] = field(default_factory=dict)
    # Statuses and ends change with time, so they correlate with the orders by time and by urgency.
    is_time_dependent: bool = False
    # Keys in `order_keys` are range scans of every order. Words have too many prefixes, small buckets are too fine.
    is_in_order_keys: bool = True
    # Events keep the keys that a feed's filter can ask for and that time alone does not change.
    is_in_events: bool = True
    # A customer with such a key has a living entitlement (the value EXPIRED excepted).
    implies_living_entitlement: bool = False
    # Each character of the value narrows the key: the share falls with the length.
    is_prefix: bool = False

    def key(self, value: str) -> str:
        """Return the stored key of a value."""
        return f"{self.name}:{value}"

    def estimate_share(self, value: str) -> float:
        """Return the share of customers, from 0 to 1, that the key of this value is assumed to have."""
        if self.is_prefix:
            return float(_SHARE_PER_CHARACTER ** len(value))
        return self.shares_by_value.get(value, self.estimated_share)


ALL_CUSTOMERS = Dimension("*", 1.0)
MANAGED_BY = Dimension("managed_by", 0.5)
PRODUCT = Dimension("product", 0.4, implies_living_entitlement=True)
STATUS = Dimension(
    "status",
    0.06,
    {CustomerStatus.SUBSCRIPTION: 0.6, CustomerStatus.NO_RECENT_ACTIVITY: 0.2, CustomerStatus.TRIAL: 0.15},
    is_time_dependent=True,
    implies_living_entitlement=True,
)
SUBSCRIPTION_TYPE = Dimension(
    "type",
    0.15,
    {SubscriptionType.SUBSCRIPTION: 0.7},
    is_time_dependent=True,
    implies_living_entitlement=True,
)
TAG = Dimension("tag", 0.03)
ADMINISTRATOR = Dimension("administrator", 0.03)
COUNTRY = Dimension("country", 0.1)
# States of the newest invoices of living subscriptions.
INVOICE = Dimension("invoice", 0.05, {InvoiceState.PAID: 0.4}, implies_living_entitlement=True)
# Whether a customer has any tags or assignments: `yes` or `no`.
HAS_TAGS = Dimension("has_tags", 0.5, is_in_order_keys=False)
HAS_ASSIGNMENTS = Dimension("has_assignments", 0.5, is_in_order_keys=False)
# Products of running lines. No filter asks for them; counts do.
RUNNING = Dimension("running", 0.4, is_in_order_keys=False)
# Customers that lack one of the most common keys.
ABSENCE = Dimension("no", 0.4, is_time_dependent=True, is_in_events=False)
HOLDING = Dimension(HOLDING_KEY_PREFIX.removesuffix(":"), 0.03, is_in_order_keys=False, is_in_events=False)
WORD_PREFIX = Dimension(
    WORD_KEY_PREFIX.removesuffix(":"), 1.0, is_in_order_keys=False, is_in_events=False, is_prefix=True
)
# Dimensions of the buckets of time (time_buckets.py) by their hours, the smallest first.
BucketDimensions: TypeAlias = Mapping[int, Dimension]
EXPIRY_BUCKETS: BucketDimensions = {
    hours: Dimension(f"ends_{hours}h", share, is_time_dependent=True, is_in_order_keys=hours >= 64, is_in_events=False)
    for hours, share in ((1, 0.001), (8, 0.001), (64, 0.006), (512, 0.04))
}
# Most customers renew, so there are few sizes, and one for the orders.
RENEWAL_BUCKETS: BucketDimensions = {
    hours: Dimension(f"renews_{hours}h", share, is_time_dependent=True, is_in_order_keys=hours > 8, is_in_events=False)
    for hours, share in ((8, 0.001), (256, 0.02))
}


def _instant_buckets(name: str) -> BucketDimensions:
    return {
        hours: Dimension(f"{name}_{hours}h", share, is_in_order_keys=False, is_in_events=False)
        for hours, share in ((8, 0.001), (256, 0.02), (8192, 0.4))
    }


CREATION_BUCKETS, SIGN_IN_BUCKETS = _instant_buckets("created"), _instant_buckets("signed_in")
DIMENSIONS_BY_NAME: Mapping[str, Dimension] = {
    dimension.name: dimension
    for dimension in (
        ALL_CUSTOMERS,
        MANAGED_BY,
        PRODUCT,
        STATUS,
        SUBSCRIPTION_TYPE,
        TAG,
        ADMINISTRATOR,
        COUNTRY,
        INVOICE,
        HAS_TAGS,
        HAS_ASSIGNMENTS,
        RUNNING,
        ABSENCE,
        HOLDING,
        WORD_PREFIX,
        *EXPIRY_BUCKETS.values(),
        *RENEWAL_BUCKETS.values(),
        *CREATION_BUCKETS.values(),
        *SIGN_IN_BUCKETS.values(),
    )
}


def dimension_of(key: str) -> Dimension:
    """Return the dimension of a stored key; raise KeyError for text that is no key."""
    return DIMENSIONS_BY_NAME[key.partition(":")[0]]


def estimate_key_share(key: str) -> float:
    """Return the share of customers, from 0 to 1, that a stored key is assumed to have."""
    name, _, value = key.partition(":")
    return DIMENSIONS_BY_NAME[name].estimate_share(value)
