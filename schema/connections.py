"""Connections of anything but customers: `Connection[Order]` is the contract's OrderConnection."""

from typing import Generic, TypeVar

import strawberry

from resolvers import connections
from schema.fields import field
from schema.node import PageInfo

Item = TypeVar("Item")


@strawberry.type
class Edge(Generic[Item]):
    """A row and its place in the list."""

    cursor: str
    node: Item


@strawberry.type
class Connection(Generic[Item]):
    """A page of a list; the total is counted only where it is selected."""

    edges: list[Edge[Item]]
    nodes: list[Item]
    page_info: PageInfo
    total_count = field(connections.total_count, int)
