"""What everything with a global id has in common, and the pages of a connection."""

from typing import Any

import strawberry

from schema.costs import connection_size
from schema.fields import Argument


@strawberry.interface(
    description="Anything with a global id. Ids are opaque strings with a type prefix (cus_…, tag_…)."
)
class Node:
    """Implemented by every type that `node` can find."""

    id: strawberry.ID


@strawberry.type
class PageInfo:
    """Where a page stands in its list."""

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
