"""Pages of many lists of one kind, such as the orders of each subscription."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from domain.paging import PageRequest

AnyPage = TypeVar("AnyPage")
# The id of the document that the list belongs to, and the page of that list.
PageKey = tuple[str, PageRequest]
# The same for a first page, of which only the size matters.
FirstPageKey = tuple[str, int]


async def read_pages(
    keys: Sequence[PageKey],
    read_first_pages: Callable[[Sequence[FirstPageKey]], Awaitable[Mapping[FirstPageKey, AnyPage]]],
    read_page: Callable[[str, PageRequest], Awaitable[AnyPage]],
) -> list[AnyPage | BaseException | None]:
    """Return the pages in the order of the keys: all first pages in one query, each later page in its own.

    None stands for a list that does not exist, InvalidCursor for a page after a cursor of another list.
    """
    first_keys = [(id_, request.size) for id_, request in keys if request.after is None]
    later_keys = [(id_, request) for id_, request in keys if request.after is not None]
    first_pages = await read_first_pages(first_keys) if first_keys else {}
    later_pages = iter(await gather(*(read_page(*key) for key in later_keys), return_exceptions=True))
    return [
        first_pages.get((id_, request.size)) if request.after is None else next(later_pages) for id_, request in keys
    ]
