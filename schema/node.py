"""What everything with a global id has in common, and the pages of a connection."""

from typing import Any

import strawberry

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


PAGE_ARGUMENTS: dict[str, Any] = {
    "first": Argument(int | None),
    "after": Argument(str | None),
    "last": Argument(int | None),
    "before": Argument(str | None),
}
WITH_PAGE = {"with_page": frozenset({"edges", "nodes", "pageInfo"})}
