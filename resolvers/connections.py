"""Lists as connections. The page and the total are each read only if the operation selects them."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from msgspec import Struct

from domain.paging import Page, PageRequest
from loaders.relation import RelationLoader
from resolvers.context import Context
from store.database.pages import Listing
from store.database.stored_fields import Projection

Row = TypeVar("Row")
# The page of a connection of which the operation selects no rows.
UNSELECTED_PAGE: Page[Any] = Page((), False, False, lambda _row: "")


class PageInfo(Struct, frozen=True):
    """The position of a page in its list. A cursor is encoded where it is selected."""

    page: Page[Any]

    @property
    def has_next_page(self) -> bool:
        """Whether rows follow."""
        return self.page.has_next

    @property
    def has_previous_page(self) -> bool:
        """Whether rows precede."""
        return self.page.has_previous

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the first row."""
        return self.page.start_cursor

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the last row."""
        return self.page.end_cursor


class Edge(Struct, Generic[Row], frozen=True):
    """A row and its cursor."""

    cursor: str
    node: Row


class BaseConnection(Struct, Generic[Row], frozen=True):
    """The part of a connection that shows its page."""

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
        """Whether rows precede and follow the page, and its first and last cursor."""
        return PageInfo(self.page)


class Connection(BaseConnection[Row], frozen=True):
    """A page, and the function that counts the whole list."""

    count: Callable[[], Awaitable[int]]


async def build_connection(listing: Listing[Row], with_page: bool, **page: Any) -> Connection[Row]:
    """Return the connection. A bad page request is an error even if no page is selected."""
    request = PageRequest(**page)
    return Connection(await listing.page(request) if with_page else UNSELECTED_PAGE, listing.count)


async def total_count(_context: Context, connection: Connection[Any]) -> int:
    return await connection.count()


async def load_connections(
    pages: RelationLoader[Any, Any],
    counts: RelationLoader[str, int],
    ids: Sequence[str],
    request: PageRequest,
    with_page: bool,
    projection: Projection = None,
) -> list[Connection[Any] | BaseException]:
    """Return the connection of each id, an exception in its place where its page failed; the pages are read at once."""
    read = await pages.load_all([(id_, request) for id_ in ids], projection) if with_page else [None] * len(ids)
    return [
        page if isinstance(page, BaseException) else Connection(page or UNSELECTED_PAGE, partial(counts.load, id_))
        for id_, page in zip(ids, read, strict=True)
    ]
