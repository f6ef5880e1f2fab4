"""The orders of a list of customers: the fields that each sorts by, its index, and what lies behind a place in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.cursors.list import CursorValue
from domain.customers.projection import NO_URGENCY
from domain.time.instants import MAX_INSTANT
from domain.types import CustomerOrderField, OrderDirection
from store.database.client import IndexModel
from store.database.keyset import DEFAULT_COLUMNS, Column

_F, _ASC, _DESC = CustomerOrderField, OrderDirection.ASC, OrderDirection.DESC


_COLUMNS: Mapping[tuple[CustomerOrderField, OrderDirection], tuple[Column, ...]] = {
    (_F.NAME, _ASC): DEFAULT_COLUMNS,
    (_F.NAME, _DESC): (Column("name_folded", -1), Column("_id")),
    (_F.CREATED_AT, _ASC): (Column("created_at", 1, "instant"), *DEFAULT_COLUMNS),
    (_F.CREATED_AT, _DESC): (Column("created_at", -1, "instant"), *DEFAULT_COLUMNS),
    (_F.LAST_ADMINISTRATOR_SIGN_IN_AT, _ASC): (Column("sign_in_sort", 1, "instant"), *DEFAULT_COLUMNS),
    (_F.LAST_ADMINISTRATOR_SIGN_IN_AT, _DESC): (
        Column("last_administrator_sign_in_at", -1, "instant or null"),
        *DEFAULT_COLUMNS,
    ),
    (_F.NEXT_EXPIRY_AT, _ASC): (Column("next_expiry_sort", 1, "instant"), *DEFAULT_COLUMNS),
    (_F.NEXT_EXPIRY_AT, _DESC): (Column("next_expiry_at", -1, "instant or null"), *DEFAULT_COLUMNS),
    (_F.URGENCY, _ASC): (Column("urgency_sort", 1, "rank"), *DEFAULT_COLUMNS),
    (_F.URGENCY, _DESC): (Column("urgency", -1, "rank or null"), *DEFAULT_COLUMNS),
}
KEYS_INDEX = "by_keys"
# The field of each order's index, its direction there, and what stands in it for null.
_INDEX_COLUMNS: Mapping[CustomerOrderField, tuple[Column, CursorValue]] = {
    _F.NAME: (Column("name_folded"), None),
    _F.CREATED_AT: (Column("created_at", -1, "instant"), None),
    _F.LAST_ADMINISTRATOR_SIGN_IN_AT: (Column("sign_in_sort", 1, "instant"), MAX_INSTANT),
    _F.NEXT_EXPIRY_AT: (Column("next_expiry_sort", 1, "instant"), MAX_INSTANT),
    _F.URGENCY: (Column("urgency_sort", 1, "rank"), NO_URGENCY),
}


@dataclass(frozen=True, slots=True)
class CustomerOrder:
    """What a list is sorted by; ties go by name, then id, and nulls come last in both directions."""

    field: CustomerOrderField = CustomerOrderField.NAME
    direction: OrderDirection = OrderDirection.ASC

    @property
    def columns(self) -> tuple[Column, ...]:
        """The fields of the total order."""
        return _COLUMNS[self.field, self.direction]

    @property
    def index(self) -> str:
        """The name of the index that its pages are read from, forwards or backwards."""
        return _INDEX_NAMES[self.field]

    @property
    def index_column(self) -> Column:
        """The index's column for the first of the columns; it is never null."""
        return _INDEX_COLUMNS[self.field][0]

    @property
    def null_sentinel(self) -> CursorValue:
        """What stands in the stored column for null; None where there is no null."""
        return _INDEX_COLUMNS[self.field][1]

    @property
    def is_time_dependent(self) -> bool:
        """Whether what time does decides it, as it decides statuses and ends; names go with countries and words."""
        return self.field is not CustomerOrderField.NAME

    @property
    def ranges_per_key(self) -> int:
        """In how many stretches those with one key are read: against its index, urgency has one a rank."""
        return NO_URGENCY if self.field is CustomerOrderField.URGENCY and not self.is_index_order else 1

    @property
    def is_index_order(self) -> bool:
        """Whether the index has this very order; else its values run the other way, but ties do not."""
        return self.columns[0] == self.index_column


def _index(stored: Column, name: str) -> IndexModel:
    # The partner stands behind the key, so that a query can use the index for a key alone: else each query of two
    # stretches would let MongoDB try the whole partner as well.
    order = [(stored.field, stored.direction), *((column.field, 1) for column in DEFAULT_COLUMNS)]
    return IndexModel([("order_keys", 1), ("partner_id", 1), *order], name=name)


_INDEX_NAMES = {field: f"by_{field.lower()}" for field in CustomerOrderField} | {_F.NAME: KEYS_INDEX}
# One index a field, read either way: each index and each entry costs every change (docs/decisions/0006 and 0009).
ORDER_INDEXES = (
    # One key and the default order: whatever single condition a list has, its page is a stretch of this index.
    IndexModel([("keys", 1), ("partner_id", 1), ("name_folded", 1), ("_id", 1)], name=KEYS_INDEX),
    *(_index(_INDEX_COLUMNS[field][0], name) for field, name in _INDEX_NAMES.items() if field is not _F.NAME),
)
