"""The interface of all objects with a global id, and generic connections: `Connection[Order]` is OrderConnection."""

from typing import Any, Generic, TypeVar

import strawberry

from domain.paging import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from resolvers import connections
from schema.costs import ROWS, connection_size
from schema.fields import NO_KEYS, SAME_READ, Argument, field

Item = TypeVar("Item")


@strawberry.interface
class Node:
    """Any object with a global id. Ids are opaque strings with a type prefix (cus_…, tag_…)."""

    id: strawberry.ID = strawberry.field(
        description="The id of the object, unique among the objects of all types. Query.node reads the object by it."
    )


VERSION_FIELD: Any = strawberry.field(
    description="The version increases by one with every change. It can be used as a cache key."
)


@strawberry.type
class PageInfo:
    """The position of a page in its list."""

    has_next_page: bool = strawberry.field(description="Whether the list goes on behind the page.")
    has_previous_page: bool = strawberry.field(description="Whether the list begins before the page.")
    start_cursor: str | None = strawberry.field(
        description="The cursor of the page's first item, for `before`; null where the page is empty."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the page's last item, for `after`; null where the page is empty."
    )


@strawberry.type
class Edge(Generic[Item]):
    """An item and its cursor."""

    cursor: str = strawberry.field(
        metadata=NO_KEYS, description="The cursor of the item, for `after` and `before` of this list."
    )
    node: Item = strawberry.field(metadata=SAME_READ, description="The item.")


@strawberry.type
class Connection(Generic[Item]):
    """A page of a list. The total is counted only if the operation selects it."""

    edges: list[Edge[Item]] = strawberry.field(
        directives=[ROWS], metadata=SAME_READ, description="The items of the page with their cursors."
    )
    nodes: list[Item] = strawberry.field(directives=[ROWS], metadata=SAME_READ, description="The items of the page.")
    page_info: PageInfo = strawberry.field(metadata=NO_KEYS, description="The position of the page in the list.")
    total_count = field(connections.total_count, int, "The number of items in the whole list.", reads=())


# The options of every field that returns a connection. Its resolver learns whether a page is selected at all: a total
# alone reads no rows.
_WITH_PAGE = {"with_page": frozenset({"edges", "nodes", "pageInfo"})}
_SIZE = (
    f"1–{MAX_PAGE_SIZE}; {DEFAULT_PAGE_SIZE} where neither `first` nor `last` is given. "
    "Another number, or both together, is the error BAD_USER_INPUT."
)
_CURSOR = "A cursor belongs to its list, filter and order; any other is the error INVALID_CURSOR."
PAGED: dict[str, Any] = {
    "selection_flags": _WITH_PAGE,
    "list_size": connection_size("first", "last"),
    "first": Argument(int | None, description=f"Read this number of items from the start or behind `after`. {_SIZE}"),
    "after": Argument(str | None, description=f"Read the items behind this cursor. {_CURSOR}"),
    "last": Argument(int | None, description=f"Read this number of items from the end or before `before`. {_SIZE}"),
    "before": Argument(str | None, description=f"Read the items before this cursor. {_CURSOR}"),
}
