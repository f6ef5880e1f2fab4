"""Pages of many lists: one query for all first pages, one for each later page, the results in the order of the keys."""

from collections.abc import Mapping, Sequence

from domain.failures import InvalidCursor
from domain.paging import EndPageKey, PageRequest
from loaders.pages import PageKey, read_pages

FIRST, SIZED = PageRequest(), PageRequest(first=3)


class Lists:
    """Pages that are strings; list `x` does not exist, and no list has a cursor called `bad`."""

    def __init__(self) -> None:
        self.first_page_calls: list[list[EndPageKey]] = []
        self.last_page_calls: list[list[EndPageKey]] = []
        self.page_calls: list[PageKey] = []

    async def read_first_pages(self, keys: Sequence[EndPageKey]) -> Mapping[EndPageKey, str]:
        self.first_page_calls.append(list(keys))
        return {(id_, size): f"{id_}: first {size}" for id_, size in keys if id_ != "x"}

    async def read_last_pages(self, keys: Sequence[EndPageKey]) -> Mapping[EndPageKey, str]:
        self.last_page_calls.append(list(keys))
        return {(id_, size): f"{id_}: last {size}" for id_, size in keys if id_ != "x"}

    async def read_page(self, id_: str, request: PageRequest) -> str:
        self.page_calls.append((id_, request))
        if request.after == "bad":
            raise InvalidCursor
        return f"{id_}: after {request.after}" if request.before is None else f"{id_}: before {request.before}"

    async def read(self, *keys: PageKey) -> list[str | BaseException | None]:
        return await read_pages(keys, self.read_first_pages, self.read_page, self.read_last_pages)


async def test_mixes_first_and_later_pages_in_the_order_of_the_keys() -> None:
    lists = Lists()
    later = PageRequest(after="c")
    pages = await lists.read(("b", later), ("a", FIRST), ("x", FIRST), ("a", later), ("a", SIZED), ("a", FIRST))
    assert pages == ["b: after c", "a: first 25", None, "a: after c", "a: first 3", "a: first 25"]
    assert lists.first_page_calls == [[("a", 25), ("x", 25), ("a", 3), ("a", 25)]]
    assert lists.page_calls == [("b", later), ("a", later)]


async def test_reads_all_last_pages_at_once_and_each_page_before_a_cursor_alone() -> None:
    lists = Lists()
    last, before, mixed = PageRequest(last=3), PageRequest(last=3, before="c"), PageRequest(first=3, before="c")
    pages = await lists.read(("a", last), ("b", before), ("x", last), ("b", mixed), ("b", last), ("b", SIZED))
    assert pages == ["a: last 3", "b: before c", None, "b: before c", "b: last 3", "b: first 3"]
    assert lists.last_page_calls == [[("a", 3), ("x", 3), ("b", 3)]]
    assert lists.first_page_calls == [[("b", 3)]]
    assert lists.page_calls == [("b", before), ("b", mixed)]


async def test_without_first_pages_reads_none() -> None:
    lists = Lists()
    assert await lists.read(("a", PageRequest(after="c"))) == ["a: after c"]
    assert lists.first_page_calls == []
    assert await lists.read() == []
    assert lists.first_page_calls == []


async def test_a_cursor_of_another_list_fails_its_own_page_alone() -> None:
    pages = await Lists().read(("a", PageRequest(after="bad")), ("b", PageRequest(after="c")), ("a", FIRST))
    assert isinstance(pages[0], InvalidCursor)
    assert pages[1:] == ["b: after c", "a: first 25"]
