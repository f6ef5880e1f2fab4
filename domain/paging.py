"""Pages of a list: what a client may ask for, and what it gets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.failures import FirstAndLastGiven, NumberOutOfRange

DEFAULT_PAGE_SIZE = 25
MAX_PAGE_SIZE = 200
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The first or the last so many rows, behind `after` and before `before` where they are given."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def __post_init__(self) -> None:
        if self.first is not None and self.last is not None:
            raise FirstAndLastGiven
        for name, size in (("first", self.first), ("last", self.last)):
            if size is not None and not 1 <= size <= MAX_PAGE_SIZE:
                raise NumberOutOfRange(name, 1, MAX_PAGE_SIZE, size)

    @property
    def size(self) -> int:
        """The most rows that the page may have."""
        return self.first or self.last or DEFAULT_PAGE_SIZE

    @property
    def is_backward(self) -> bool:
        """Whether the page is taken from the end of its range."""
        return self.last is not None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows in the order of the list; cursors are made only where somebody reads them."""

    rows: Sequence[Row]
    has_next: bool
    has_previous: bool
    cursor_of: Callable[[Row], str]

    @property
    def cursors(self) -> list[str]:
        """One for each row."""
        return [self.cursor_of(row) for row in self.rows]

    @property
    def start_cursor(self) -> str | None:
        """The first row's."""
        return self.cursor_of(self.rows[0]) if self.rows else None

    @property
    def end_cursor(self) -> str | None:
        """The last row's."""
        return self.cursor_of(self.rows[-1]) if self.rows else None
