"""The mutations of tags: their inputs, their payloads and their fields."""

import strawberry

from resolvers import tags
from schema.enums import Permission, TagColor
from schema.fields import changed
from schema.mutation_inputs import IDEMPOTENCY_KEY
from schema.tags import Tag
from schema.user_errors import UserError


@strawberry.input
class CreateTagInput:
    """A new tag."""

    name: str
    color: TagColor = TagColor.GRAY
    description: str | None = strawberry.UNSET
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.type
class TagPayload:
    """The tag as it is now, or what was wrong."""

    tag: Tag | None
    user_errors: list[UserError]


@strawberry.type
class TagMutations:
    """The fields of the root that change tags."""

    create_tag = changed(tags.create_tag, TagPayload, CreateTagInput, requires=Permission.EDIT_TAGS)
