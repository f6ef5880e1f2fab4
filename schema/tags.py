"""Tags, as far as lists of customers name them."""

from datetime import datetime

import strawberry

from schema.enums import TagColor
from schema.node import Node


@strawberry.type
class Tag(Node):
    """A word of the partner's own for some of its customers."""

    name: str
    color: TagColor
    description: str | None
    version: int
    created_at: datetime


@strawberry.type
class TagCount:
    """How many customers have the tag."""

    value: Tag
    count: int
