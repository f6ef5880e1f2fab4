"""Generic connections, for all types but customers: `Connection[Order]` is printed as OrderConnection."""

from typing import Generic, TypeVar

import strawberry

from resolvers import connections
from schema.fields import field
from schema.node import PageInfo

Item = TypeVar("Item")


@strawberry.type
class Edge(Generic[Item]):
    """A row and its cursor."""

    cursor: str
    node: Item


@strawberry.type
class Connection(Generic[Item]):
    """A page of a list. The total is counted only if the operation selects it."""

    edges: list[Edge[Item]]
    nodes: list[Item]
    page_info: PageInfo
    total_count = field(connections.total_count, int)
