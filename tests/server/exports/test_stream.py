"""The file of an export, over a list that answers from memory."""

from collections.abc import Callable, Mapping
from typing import Any
from weakref import ref

import pytest

from domain.integrations.exports import CustomerColumn, ExportDescription, ExportFormat, ExportKind
from domain.types import LicenseReport
from schema.build import build_schema
from server.exports.lists import build_list
from server.exports.stream import ExportFailed, stream_file
from server.graphql.operations import Operations

CUSTOMERS = ExportDescription(ExportKind.CUSTOMERS, ExportFormat.NDJSON, {"filter": None}, (CustomerColumn.NAME,))


class NumberedList:
    """A list of customers whose cursors are numbers; `fail(first, after)` returns the code of an error, or None."""

    def __init__(self, rows: int, fail: Callable[[int, int], str | None] = lambda _first, _after: None) -> None:
        self._rows, self._fail = rows, fail
        self.requests: list[tuple[int, int]] = []

    async def execute(self, _query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        first, after = variables["first"], int(variables["after"] or 0)
        self.requests.append((first, after))
        if code := self._fail(first, after):
            return {"errors": [{"message": "No.", "extensions": {"code": code}}]}
        end = min(self._rows, after + first)
        nodes = [{"name": str(number)} for number in range(after, end)]
        return {
            "data": {"page": {"nodes": nodes, "pageInfo": {"hasNextPage": end < self._rows, "endCursor": str(end)}}}
        }


async def exported(numbered: NumberedList) -> list[str]:
    content = b"".join([part async for part in stream_file(CUSTOMERS, numbered.execute)])
    return content.decode().splitlines()


async def test_reads_page_after_page() -> None:
    numbered = NumberedList(450)
    assert await exported(numbered) == [f'{{"name":"{number}"}}' for number in range(450)]
    assert numbered.requests == [(200, 0), (200, 200), (200, 400)]
    assert await exported(NumberedList(0)) == []


async def test_reads_smaller_pages_where_one_costs_too_much_and_larger_ones_later() -> None:
    numbered = NumberedList(400, lambda first, after: "QUERY_TOO_COMPLEX" if after == 0 and first > 20 else None)
    assert len(await exported(numbered)) == 400
    assert numbered.requests == [(200, 0), (50, 0), (12, 0), (24, 12), (48, 36), (96, 84), (192, 180), (200, 372)]


@pytest.mark.parametrize(("code", "requests"), [("QUERY_TOO_COMPLEX", 5), ("FORBIDDEN", 1)])
async def test_fails_where_no_page_can_be_read(code: str, requests: int) -> None:
    numbered = NumberedList(10, lambda _first, _after: code)
    with pytest.raises(ExportFailed, match=r"No\.") as failed:
        await exported(numbered)
    assert failed.value.errors[0]["extensions"]["code"] == code and len(numbered.requests) == requests


def test_every_query_is_valid_and_affordable() -> None:
    operations = Operations(build_schema())
    descriptions = [
        *(ExportDescription(ExportKind.CUSTOMERS, ExportFormat.CSV, {}, (column,)) for column in CustomerColumn),
        *(
            ExportDescription(ExportKind.LICENSE_REPORT, ExportFormat.CSV, {}, report=report)
            for report in LicenseReport
        ),
        ExportDescription(ExportKind.CUSTOMERS, ExportFormat.CSV, {}),
        ExportDescription(ExportKind.ACTIVITY, ExportFormat.CSV, {}),
    ]
    for description in descriptions:
        exported_list = build_list(description)
        assert operations.prepare(exported_list.query, None, {"first": 200}).cost < 20_000
        assert len({column.key for column in exported_list.columns}) == len(exported_list.columns)


async def test_keeps_no_page_while_the_client_does_not_read() -> None:
    class Page(dict[str, Any]):
        """A page that can be watched."""

    pages: list[ref[Page]] = []

    async def execute(query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        answer = Page(await NumberedList(450).execute(query, variables))
        pages.append(ref(answer))
        return answer

    parts = stream_file(CUSTOMERS, execute)
    assert len((await anext(parts)).splitlines()) == 200
    assert [page() for page in pages] == [None]
    await parts.aclose()  # type: ignore[attr-defined]
