"""The interface of all objects with a global id, and the page arguments of connections."""

from typing import Any

import strawberry

from schema.costs import connection_size
from schema.fields import Argument


@strawberry.interface(
    description="Anything with a global id. Ids are opaque strings with a type prefix (cus_…, tag_…)."
)
class Node:
    """The interface of every type that the field `node` returns."""

    id: strawberry.ID


@strawberry.type
class PageInfo:
    """The position of a page in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


# The options of every field that returns a connection. Its resolver learns whether a page is selected at all: a total
# alone reads no rows.
_WITH_PAGE = {"with_page": frozenset({"edges", "nodes", "pageInfo"})}
PAGED_FORWARD: dict[str, Any] = {
    "selection_flags": _WITH_PAGE,
    "list_size": connection_size("first"),
    "first": Argument(int | None),
    "after": Argument(str | None),
}
PAGED: dict[str, Any] = {
    **PAGED_FORWARD,
    "list_size": connection_size("first", "last"),
    "last": Argument(int | None),
    "before": Argument(str | None),
}
