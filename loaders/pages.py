"""Pages of many lists of one kind, such as the orders of each subscription."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from domain.paging import EndPageKey, PageRequest

AnyPage = TypeVar("AnyPage")
# The id of the document that the list belongs to, and the page of that list.
PageKey = tuple[str, PageRequest]
ReadEndPages = Callable[[Sequence[EndPageKey]], Awaitable[Mapping[EndPageKey, AnyPage]]]


async def read_pages(
    keys: Sequence[PageKey],
    read_first_pages: ReadEndPages[AnyPage],
    read_page: Callable[[str, PageRequest], Awaitable[AnyPage]],
    read_last_pages: ReadEndPages[AnyPage],
) -> list[AnyPage | BaseException | None]:
    """Return the pages in the order of the keys.

    All first pages take one query, all last pages one, and each page at a cursor its own. None stands for a list that
    does not exist, InvalidCursor for a page at a cursor of another list.
    """
    end_keys = {
        is_backward: [(id_, request.size) for id_, request in keys if _is_end_page(request, is_backward)]
        for is_backward in (False, True)
    }
    first_pages = await read_first_pages(end_keys[False]) if end_keys[False] else {}
    last_pages = await read_last_pages(end_keys[True]) if end_keys[True] else {}
    cursor_keys = [(id_, request) for id_, request in keys if request.has_cursor]
    cursor_pages = iter(await gather(*(read_page(*key) for key in cursor_keys), return_exceptions=True))
    return [
        next(cursor_pages)
        if request.has_cursor
        else (last_pages if request.is_backward else first_pages).get((id_, request.size))
        for id_, request in keys
    ]


def _is_end_page(request: PageRequest, is_backward: bool) -> bool:
    return not request.has_cursor and request.is_backward == is_backward
