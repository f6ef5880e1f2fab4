"""The orders of a list of customers: the fields that each sorts by, its index, and what lies behind a place in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.list_cursors import Kind, Value
from domain.types import CustomerOrderField, OrderDirection
from store.client import Document, IndexModel

_F, _ASC, _DESC = CustomerOrderField, OrderDirection.ASC, OrderDirection.DESC


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a total order: 1 for ascending, -1 for descending; null is what comes last in the latter."""

    field: str
    direction: int = 1
    kind: Kind = "text"

    @property
    def reversed(self) -> "Column":
        """The same field in the other direction."""
        return Column(self.field, -self.direction, self.kind)

    def from_value(self, value: Value) -> Document:
        """Rows with this value or a later one, for a field that is never null."""
        return {self.field: {"$gte" if self.direction > 0 else "$lte": value}}

    def behind(self, value: Value) -> Document:
        """Rows with a later value; MongoDB sorts null before all others, and no comparison ever matches it."""
        if not self.kind.endswith("null"):
            return {self.field: {"$gt" if self.direction > 0 else "$lt": value}}
        if self.direction > 0:
            return {self.field: {"$ne": None} if value is None else {"$gt": value}}
        return {self.field: {"$in": []} if value is None else {"$not": {"$gte": value}}}


DEFAULT_COLUMNS = (Column("name_folded"), Column("_id"))
_COLUMNS: Mapping[tuple[CustomerOrderField, OrderDirection], tuple[Column, ...]] = {
    (_F.NAME, _ASC): DEFAULT_COLUMNS,
    (_F.NAME, _DESC): (Column("name_folded", -1), Column("_id")),
    (_F.CREATED_AT, _ASC): (Column("created_at", 1, "instant"), *DEFAULT_COLUMNS),
    (_F.CREATED_AT, _DESC): (Column("created_at", -1, "instant"), *DEFAULT_COLUMNS),
    (_F.LAST_ADMINISTRATOR_SIGN_IN_AT, _ASC): (Column("sign_in_or_never", 1, "instant"), *DEFAULT_COLUMNS),
    (_F.LAST_ADMINISTRATOR_SIGN_IN_AT, _DESC): (
        Column("last_administrator_sign_in_at", -1, "instant or null"),
        *DEFAULT_COLUMNS,
    ),
    (_F.NEXT_EXPIRY_AT, _ASC): (Column("next_expiry_or_never", 1, "instant"), *DEFAULT_COLUMNS),
    (_F.NEXT_EXPIRY_AT, _DESC): (Column("next_expiry_at", -1, "instant or null"), *DEFAULT_COLUMNS),
    (_F.URGENCY, _ASC): (Column("urgency_or_none", 1, "rank"), *DEFAULT_COLUMNS),
    (_F.URGENCY, _DESC): (Column("urgency", -1, "rank or null"), *DEFAULT_COLUMNS),
}
KEYS_INDEX = "keys_name"


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
        """The name of the index that has this order."""
        return _INDEX_NAMES.get((self.field, self.direction), KEYS_INDEX)

    @property
    def is_default(self) -> bool:
        """Whether the index of keys has this order."""
        return self.columns is DEFAULT_COLUMNS


def place_of(columns: Sequence[Column], document: Mapping[str, Any]) -> tuple[Value, ...]:
    """The sort values of a document."""
    return tuple(document[column.field] for column in columns)


def from_place(columns: Sequence[Column], place: Sequence[Value], *, inclusive: bool = True) -> list[Document]:
    """The rows behind a place, and at it where `inclusive`: conditions of which each row fulfils exactly one.

    Each is one stretch of the order's index, and MongoDB merges the stretches in order.
    """
    ranges = []
    for depth in range(len(columns) - 1, -1, -1):
        same = _at(columns[:depth], place)
        ranges.append({**same, **columns[depth].behind(place[depth])})
    return [_at(columns, place), *ranges] if inclusive else ranges


def _at(columns: Sequence[Column], place: Sequence[Value]) -> Document:
    return {column.field: value for column, value in zip(columns, place, strict=False)}


def _name(columns: Sequence[Column]) -> str:
    return f"{columns[0].field}_{'up' if columns[0].direction > 0 else 'down'}"


def _index(columns: Sequence[Column], name: str) -> IndexModel:
    order = [(column.field, column.direction) for column in columns]
    return IndexModel([("partner_id", 1), *order], name=name)


_BY_NAME = (DEFAULT_COLUMNS, _COLUMNS[_F.NAME, _DESC])
_INDEX_NAMES = {key: f"by_{_name(columns)}" for key, columns in _COLUMNS.items() if columns not in _BY_NAME}
# MongoDB spends 60 µs on each index of a document that a change touches anywhere, so there are no more than these.
ORDER_INDEXES = tuple(_index(_COLUMNS[key], name) for key, name in _INDEX_NAMES.items())
