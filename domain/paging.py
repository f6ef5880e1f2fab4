"""Pages of a list: the request of a client and the resulting page, independent of where the rows are read."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from domain.failures import FirstAndLastGiven, NumberOutOfRange

DEFAULT_PAGE_SIZE = 25
MAX_PAGE_SIZE = 200
Row = TypeVar("Row")
# A page at an end of a list: the id of the document that the list belongs to, and the size of the page.
EndPageKey = tuple[str, int]


class PageRequest(Struct, frozen=True):
    """A request for the first or the last rows of a list, between the cursors `after` and `before`, both exclusive.

    Without `first` and `last`, it is the first DEFAULT_PAGE_SIZE rows. Raise NumberOutOfRange for a size outside
    1–MAX_PAGE_SIZE, FirstAndLastGiven where both are given.
    """

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
        """Return the maximum number of rows."""
        return self.first or self.last or DEFAULT_PAGE_SIZE

    @property
    def has_cursor(self) -> bool:
        """Return whether the page is bounded by a cursor; otherwise it is the first or the last page of its list."""
        return self.after is not None or self.before is not None

    @property
    def is_backward(self) -> bool:
        """Return whether the page is taken from the end of its range."""
        return self.last is not None


class Page(Struct, Generic[Row], frozen=True):
    """The rows of a page in the order of the list, also for a backward page.

    Cursors are encoded on access: most clients read only `end_cursor`.
    """

    rows: Sequence[Row]
    has_next: bool
    has_previous: bool
    cursor_of: Callable[[Row], str]

    @property
    def cursors(self) -> list[str]:
        """Return the cursor of each row."""
        return [self.cursor_of(row) for row in self.rows]

    @property
    def start_cursor(self) -> str | None:
        """Return the cursor of the first row, or None for an empty page."""
        return self.cursor_of(self.rows[0]) if self.rows else None

    @property
    def end_cursor(self) -> str | None:
        """Return the cursor of the last row, or None for an empty page."""
        return self.cursor_of(self.rows[-1]) if self.rows else None
