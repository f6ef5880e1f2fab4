"""The mutations of tags: inputs, payloads, fields."""

from functools import partial

import strawberry

from domain.partner.tags import ChangeCustomerTags, CreateTag, DeleteTag, UpdateTag
from resolvers import tag_mutations as tags
from schema.bulk_jobs import BulkJob
from schema.costs import ListSize
from schema.customer_inputs import CustomerFilter
from schema.customers import Customer
from schema.enums import Permission, TagColor
from schema.fields import field, mutation
from schema.mutation_inputs import IDEMPOTENCY_KEY_FIELD
from schema.tags import Tag
from schema.user_errors import user_errors_field


@strawberry.input
class CreateTagInput:
    """A new tag."""

    name: str
    color: TagColor = TagColor.GRAY
    description: str | None = strawberry.UNSET
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class UpdateTagInput:
    """The changes of a tag."""

    id: strawberry.ID
    version: int
    name: str | None = strawberry.UNSET
    color: TagColor | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class DeleteTagInput:
    """The tag to be deleted; it is removed from all customers."""

    id: strawberry.ID
    version: int
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input(one_of=True)
class CustomerSelection:
    """Customers by id or by a filter; exactly one of both."""

    ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="At most 500 ids, each once."
    )
    matching: CustomerFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Every customer that matches the filter, without a limit on their number."
    )


@strawberry.input
class _ChangeCustomerTagsInput:
    """The fields that the inputs of assignTags and removeTags share."""

    customers: CustomerSelection
    tags: list[strawberry.ID]
    dry_run: bool = strawberry.field(default=False, description="Return what would change, and change nothing.")
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class AssignTagsInput(_ChangeCustomerTagsInput):
    """Tags to be assigned to customers."""


@strawberry.input
class RemoveTagsInput(_ChangeCustomerTagsInput):
    """Tags to be removed from customers."""


@strawberry.type
class _TagPayload:
    """The fields that the payloads of createTag and updateTag share."""

    tag = field(tags.changed_tag, Tag | None)
    user_errors = user_errors_field()


@strawberry.type
class CreateTagPayload(_TagPayload):
    """The new tag, or the mistakes."""


@strawberry.type
class UpdateTagPayload(_TagPayload):
    """The tag after the change, or the mistakes."""


@strawberry.type
class DeleteTagPayload:
    """The id of the deleted tag, or the mistakes."""

    deleted_id = field(tags.deleted_id, strawberry.ID | None)
    user_errors = user_errors_field()


@strawberry.type
class _ChangeCustomerTagsPayload:
    """The fields that the payloads of assignTags and removeTags share."""

    changed = field(
        tags.changed_count,
        int,
        "The number of customers changed; while a job continues, the number so far. "
        "Customers that were already in the requested state are not counted.",
    )
    skipped = field(tags.skipped_count, int, "The number of customers that would have had more than 50 tags.")
    customers = field(
        tags.changed_customers,
        list[Customer],
        "The first 100 customers that changed.",
        list_size=ListSize(assumed_size=25),
    )
    job = field(
        tags.bulk_job,
        BulkJob | None,
        "The job that continues the work after the answer, where more than 1,000 customers match.",
    )
    user_errors = user_errors_field()


@strawberry.type
class AssignTagsPayload(_ChangeCustomerTagsPayload):
    """The numbers of customers, the first ones that changed and the job, or the mistakes."""


@strawberry.type
class RemoveTagsPayload(_ChangeCustomerTagsPayload):
    """The numbers of customers, the first ones that changed and the job, or the mistakes."""


_declare = partial(mutation, requires=Permission.EDIT_TAGS)


@strawberry.type
class TagMutations:
    """The root fields that change tags."""

    create_tag = _declare(tags.create_tag, CreateTagPayload, CreateTagInput, CreateTag)
    update_tag = _declare(tags.update_tag, UpdateTagPayload, UpdateTagInput, UpdateTag)
    delete_tag = _declare(tags.delete_tag, DeleteTagPayload, DeleteTagInput, DeleteTag)
    assign_tags = _declare(tags.assign_tags, AssignTagsPayload, AssignTagsInput, ChangeCustomerTags)
    remove_tags = _declare(tags.remove_tags, RemoveTagsPayload, RemoveTagsInput, ChangeCustomerTags)
