"""Lists as connections: the page where one is selected, and the total where it is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.paging import Page, PageRequest
from resolvers.context import Context
from store.database.pages import Listing

Row = TypeVar("Row")
# Stands where nothing of a page was selected, and so nothing of it is ever read.
UNSELECTED_PAGE: Page[Any] = Page((), False, False, lambda _row: "")


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Edge(Generic[Row]):
    """A row and its cursor."""

    cursor: str
    node: Row


@dataclass(frozen=True, slots=True)
class BaseConnection(Generic[Row]):
    """What every connection shows of its page."""

    page: Page[Row]

    @property
    def nodes(self) -> list[Row]:
        """The rows of the page."""
        return list(self.page.rows)

    @property
    def edges(self) -> list[Edge[Row]]:
        """The rows of the page with their cursors."""
        return [Edge(cursor, row) for cursor, row in zip(self.page.cursors, self.page.rows, strict=True)]

    @property
    def page_info(self) -> PageInfo:
        """Whether there is more on either side, and from where to go on."""
        page = self.page
        return PageInfo(page.has_next, page.has_previous, page.start_cursor, page.end_cursor)


@dataclass(frozen=True, slots=True)
class Connection(BaseConnection[Row]):
    """A page, and how the whole list is counted."""

    count: Callable[[], Awaitable[int]]


async def build_connection(listing: Listing[Row], with_page: bool, **page: Any) -> Connection[Row]:
    """The connection; its page is read only where one is selected, and a wrong request is refused in any case."""
    request = PageRequest(**page)
    return Connection(await listing.page(request) if with_page else UNSELECTED_PAGE, listing.count)


async def total_count(_context: Context, listed: Connection[Any]) -> int:
    return await listed.count()
