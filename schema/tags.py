"""Tags: words of the partner's own for some of its customers."""

from datetime import datetime
from typing import Any

import strawberry

from resolvers import tags
from schema.enums import TagColor
from schema.fields import resolved
from schema.node import Node
from schema.organization import PartnerAdministrator
from store.tags import TagDocument


@strawberry.type
class Tag(Node):
    """A word of the partner's own for some of its customers."""

    name: str
    color: TagColor
    description: str | None
    version: int
    created_at: datetime
    created_by = resolved(tags.created_by, PartnerAdministrator | None)

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Whether a document is shown as this type."""
        return isinstance(value, TagDocument)


@strawberry.type
class TagCount:
    """How many customers have the tag."""

    value: Tag
    count: int
