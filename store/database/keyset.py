"""Total orders of rows: the columns of a sort, and the conditions for the rows behind a position in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.cursors.list import CursorValue, CursorValueKind
from store.database.client import Document


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a total order: 1 for ascending, -1 for descending; null is what comes last in the latter."""

    field: str
    direction: int = 1
    kind: CursorValueKind = "text"

    @property
    def inverted(self) -> "Column":
        """The same field in the other direction."""
        return Column(self.field, -self.direction, self.kind)

    def at_or_after(self, value: CursorValue) -> Document:
        """Rows with this value or a later one, for a field that is never null."""
        return {self.field: {"$gte" if self.direction > 0 else "$lte": value}}

    def after(self, value: CursorValue) -> Document:
        """Rows with a later value; MongoDB sorts null before all others, and no comparison ever matches it."""
        if not self.kind.endswith("null"):
            return {self.field: {"$gt" if self.direction > 0 else "$lt": value}}
        if self.direction > 0:
            return {self.field: {"$ne": None} if value is None else {"$gt": value}}
        return {self.field: {"$in": []} if value is None else {"$not": {"$gte": value}}}


DEFAULT_COLUMNS = (Column("name_folded"), Column("_id"))


def sort_key_of(columns: Sequence[Column], document: Mapping[str, Any]) -> tuple[CursorValue, ...]:
    """The sort values of a document."""
    return tuple(document[column.field] for column in columns)


def keyset_conditions(
    columns: Sequence[Column], place: Sequence[CursorValue], *, inclusive: bool = True
) -> list[Document]:
    """The rows behind a place, and at it where `inclusive`: conditions of which each row fulfils exactly one.

    Each is one stretch of the order's index, and MongoDB merges the stretches in order.
    """
    ranges = []
    for depth in range(len(columns) - 1, -1, -1):
        same = _at(columns[:depth], place)
        ranges.append({**same, **columns[depth].after(place[depth])})
    return [_at(columns, place), *ranges] if inclusive else ranges


def _at(columns: Sequence[Column], place: Sequence[CursorValue]) -> Document:
    return {column.field: value for column, value in zip(columns, place, strict=False)}
