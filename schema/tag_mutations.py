"""The mutations of tags: their inputs, their payloads and their fields."""

import strawberry

from resolvers import tag_mutations as tags
from schema.bulk_jobs import BulkJob
from schema.costs import ListSize
from schema.customer_inputs import CustomerFilter
from schema.customers import Customer
from schema.enums import Permission, TagColor
from schema.fields import mutation
from schema.mutation_inputs import IDEMPOTENCY_KEY_FIELD
from schema.tags import Tag
from schema.user_errors import UserError


@strawberry.input
class CreateTagInput:
    """A new tag."""

    name: str
    color: TagColor = TagColor.GRAY
    description: str | None = strawberry.UNSET
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class UpdateTagInput:
    """What changes of a tag."""

    id: strawberry.ID
    version: int
    name: str | None = strawberry.UNSET
    color: TagColor | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class DeleteTagInput:
    """Which tag is deleted; it is taken off every customer."""

    id: strawberry.ID
    version: int
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input(one_of=True)
class CustomerSelection:
    """Exactly one of the two."""

    ids: list[strawberry.ID] | None = strawberry.field(default=strawberry.UNSET, description="At most 500, each once.")
    matching: CustomerFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Every customer that matches, however many."
    )


@strawberry.input
class ChangeCustomerTagsInput:
    """Which tags are put on which customers, or taken off."""

    customers: CustomerSelection
    tags: list[strawberry.ID]
    dry_run: bool = strawberry.field(default=False, description="Answer what would change, and change nothing.")
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class TagPayload:
    """The tag as it is now, or what was wrong."""

    tag: Tag | None
    user_errors: list[UserError]


@strawberry.type
class DeleteTagPayload:
    """What is gone, or what was wrong."""

    deleted_id: strawberry.ID | None
    user_errors: list[UserError]


@strawberry.type
class ChangeCustomerTagsPayload:
    """How many customers changed, or what was wrong."""

    changed: int = strawberry.field(
        description=(
            "How many customers changed, so far where a job goes on; those that already were as asked are not counted."
        )
    )
    skipped: int = strawberry.field(description="Customers that would have had more than 50 tags.")
    customers: list[Customer] = strawberry.field(
        description="The first 100 that changed.", directives=[ListSize(assumed_size=25)]
    )
    job: BulkJob | None = strawberry.field(
        description="Where more than 1,000 customers match, the work goes on behind the answer."
    )
    user_errors: list[UserError]


@strawberry.type
class TagMutations:
    """The fields of the root that change tags."""

    create_tag = mutation(tags.create_tag, TagPayload, CreateTagInput, requires=Permission.EDIT_TAGS)
    update_tag = mutation(tags.update_tag, TagPayload, UpdateTagInput, requires=Permission.EDIT_TAGS)
    delete_tag = mutation(tags.delete_tag, DeleteTagPayload, DeleteTagInput, requires=Permission.EDIT_TAGS)
    assign_tags = mutation(
        tags.assign_tags, ChangeCustomerTagsPayload, ChangeCustomerTagsInput, requires=Permission.EDIT_TAGS
    )
    remove_tags = mutation(
        tags.remove_tags, ChangeCustomerTagsPayload, ChangeCustomerTagsInput, requires=Permission.EDIT_TAGS
    )
