"""Generic connections, for all types but customers: `Connection[Order]` is printed as OrderConnection."""

from typing import Generic, TypeVar

import strawberry

from resolvers import connections
from schema.costs import ROWS
from schema.fields import NO_KEYS, SAME_READ, field
from schema.node import PageInfo

Item = TypeVar("Item")


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
