"""The file of an export: a list that is read page by page, each page as of one moment, and written as it is read.

Nothing is kept beyond one page. Each page is an operation of the API, which its caller runs for the administrator: so
permissions, visible customers and limits are those of every other query.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from prometheus_client import Counter

from domain.failures import QueryTooComplex
from domain.integrations.exports import ExportDescription
from domain.paging import MAX_PAGE_SIZE
from jobs.integrations.export_files import Row, open_writer
from server.exports.lists import ExportedList, build_list
from server.graphql.errors import Errors
from server.graphql.operations import GraphQLResponse

_ROWS = Counter("partnerhub_exported_rows_total", "Rows that were exported, by kind and format", ["kind", "format"])
# Executes a query with variables.
ExecuteQuery = Callable[[str, Mapping[str, Any]], Awaitable[GraphQLResponse]]


class ExportFailed(Exception):
    """A page could not be read; `errors` are those of its answer."""

    def __init__(self, errors: Errors) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


async def stream_file(description: ExportDescription, execute: ExecuteQuery) -> AsyncIterator[bytes]:
    """Yield the parts of the file; raise ExportFailed, and what `execute` raises."""
    exported = build_list(description)
    keys, titles = [column.key for column in exported.columns], [column.title for column in exported.columns]
    writer = open_writer(description.format, keys, titles)
    # Together with the first rows: before them, nothing is known to work.
    beginning = writer.begin()
    async for rows in _read_pages(exported, description.variables, execute):
        part = beginning + writer.write_rows(rows)
        _ROWS.labels(description.kind.value, description.format.value).inc(len(rows))
        beginning = b""
        if part:
            yield part
    yield writer.end()


async def _read_pages(
    exported: ExportedList, variables: Mapping[str, Any], execute: ExecuteQuery
) -> AsyncIterator[list[Row]]:
    size, after = MAX_PAGE_SIZE, None
    while True:
        response = await execute(exported.query, {**variables, "first": size, "after": after})
        if errors := response.get("errors"):
            if size == 1 or errors[0]["extensions"]["code"] != QueryTooComplex.code:
                raise ExportFailed(errors)
            # Its rows have more tags, administrators or changes than usual.
            size = max(1, size // 4)
            continue
        page = exported.find_page(response["data"])
        readers = [column.read for column in exported.columns]
        yield [[read(node) for read in readers] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return
        size, after = min(MAX_PAGE_SIZE, size * 2), page["pageInfo"]["endCursor"]
