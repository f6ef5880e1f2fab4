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
    pages = _Pages(exported, description.variables, execute)
    while pages.has_next:
        rows = await pages.read_next()
        part = beginning + writer.write_rows(rows)
        _ROWS.labels(description.kind.value, description.format.value).inc(len(rows))
        # A client may read slowly, or not at all: meanwhile, only the part is kept, a tenth of its page.
        del rows
        beginning = b""
        if part:
            yield part
    yield writer.end()


class _Pages:
    """The pages of a list, one after the other."""

    def __init__(self, exported: ExportedList, variables: Mapping[str, Any], execute: ExecuteQuery) -> None:
        self._exported, self._variables, self._execute = exported, variables, execute
        self._size, self._after = MAX_PAGE_SIZE, None
        self.has_next = True

    async def read_next(self) -> list[Row]:
        """Return the rows of the next page; a smaller one where it costs too much."""
        while True:
            given = {**self._variables, "first": self._size, "after": self._after}
            response = await self._execute(self._exported.query, given)
            errors = response.get("errors")
            if not errors:
                break
            if self._size == 1 or errors[0]["extensions"]["code"] != QueryTooComplex.code:
                raise ExportFailed(errors)
            # Its rows have more tags, administrators or changes than usual.
            self._size = max(1, self._size // 4)
        page = self._exported.find_page(response["data"])
        self.has_next, self._after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
        self._size = min(MAX_PAGE_SIZE, self._size * 2)
        readers = [column.read for column in self._exported.columns]
        return [[read(node) for read in readers] for node in page["nodes"]]
