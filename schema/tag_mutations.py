"""The mutations of tags: inputs, payloads, fields."""

from functools import partial

import strawberry

from domain.partner.tags import ChangeCustomerTags, CreateTag, DeleteTag, UpdateTag
from resolvers import tag_mutations as tags
from schema.costs import list_size
from schema.customer_inputs import CustomerFilter
from schema.customers import Customer
from schema.enums import Permission, TagColor
from schema.fields import field, mutation
from schema.mutation_parts import IDEMPOTENCY_KEY_FIELD, VERSION_INPUT, user_errors_field
from schema.tags import BulkJob, Tag

RULE_CONDITIONS = (
    "A rule contains neither kpi nor hasTags, no tag that has a rule, and at most 200 conditions and values; else "
    "INVALID. It has at most 8,000 characters as JSON. "
    "A partner has at most 20 tags with rules; more is LIMIT_REACHED. A rule needs MANAGE_INTEGRATIONS."
)


@strawberry.input
class CreateTagInput:
    """A new tag. A partner has at most 1,000 tags; more is LIMIT_REACHED."""

    name: str = strawberry.field(
        description="The name, 1–50 characters, unique in the partner without regard to case; else TAKEN."
    )
    color: TagColor = strawberry.field(default=TagColor.GRAY, description="The color; GRAY by default.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="What the tag means, at most 500 characters."
    )
    rule: CustomerFilter | None = strawberry.field(
        default=strawberry.UNSET,
        description="The customers that have the tag, of the whole partner: a job puts it on those that match, every "
        f"later change keeps it true, and nobody can assign it. {RULE_CONDITIONS}",
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class UpdateTagInput:
    """Changes of a tag. An omitted field keeps its value. Null clears the description or ends the
    rule, and is INVALID elsewhere."""

    id: strawberry.ID = strawberry.field(description="The id of the tag.")
    version: int = VERSION_INPUT
    name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The new name, 1–50 characters, unique in the partner without regard to case; else TAKEN.",
    )
    color: TagColor | None = strawberry.field(default=strawberry.UNSET, description="The new color.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="What the tag means, at most 500 characters; null clears it."
    )
    rule: CustomerFilter | None = strawberry.field(
        default=strawberry.UNSET,
        description="The customers that have the tag, of the whole partner; a job evaluates every customer again. "
        "Null ends the rule: customers keep the tag, and administrators assign it from then on. "
        f"{RULE_CONDITIONS}",
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class DeleteTagInput:
    """The tag to be deleted. It is taken off every customer."""

    id: strawberry.ID = strawberry.field(
        description=(
            "The id of the tag. An ADMINISTRATOR can delete a tag only while no customer that they do "
            "not see has it; else WRONG_STATE. So is a tag that the rule of another tag refers to. A tag with a rule "
            "needs the permission MANAGE_INTEGRATIONS."
        )
    )
    version: int = VERSION_INPUT
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input(one_of=True)
class CustomerSelection:
    """Customers by their ids or by a filter; exactly one of the fields."""

    ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="At most 500 ids, each once; more is LIMIT_REACHED."
    )
    matching: CustomerFilter | None = strawberry.field(
        default=strawberry.UNSET, description="Every customer that matches the filter, without a limit on their number."
    )


@strawberry.input
class _ChangeCustomerTagsInput:
    """The fields that the inputs of assignTags and removeTags share."""

    customers: CustomerSelection = strawberry.field(description="The customers to change.")
    tags: list[strawberry.ID] = strawberry.field(
        description="The ids of 1–500 tags, each once. A tag with a rule is WRONG_STATE."
    )
    dry_run: bool = strawberry.field(default=False, description="Return what would change, and change nothing.")
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class AssignTagsInput(_ChangeCustomerTagsInput):
    """Tags to be put on customers. All conditions are checked first, and nothing is changed where one fails."""


@strawberry.input
class RemoveTagsInput(_ChangeCustomerTagsInput):
    """Tags to be taken off customers. All conditions are checked first, and nothing is changed where one fails."""


@strawberry.type
class _TagPayload:
    """The fields that the payloads of createTag and updateTag share."""

    tag = field(tags.changed_tag, Tag | None, "The tag after the change; null where nothing was changed.")
    job = field(
        tags.bulk_job,
        BulkJob | None,
        "The job that evaluates every customer by a new or changed rule; else null. Its `changed` also counts "
        "customers whose statuses changed with time.",
    )
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

    deleted_id = field(
        tags.deleted_id, strawberry.ID | None, "The id of the deleted tag; null where nothing was changed."
    )
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
        list_size=list_size(100),
    )
    job = field(
        tags.bulk_job,
        BulkJob | None,
        "The job that continues the work after the answer, where more than 1,000 customers match; else null.",
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

    create_tag = _declare(tags.create_tag, CreateTagPayload, CreateTagInput, CreateTag, "Creates a tag.")
    update_tag = _declare(
        tags.update_tag, UpdateTagPayload, UpdateTagInput, UpdateTag, "Changes the name, color or description of a tag."
    )
    delete_tag = _declare(tags.delete_tag, DeleteTagPayload, DeleteTagInput, DeleteTag, "Deletes a tag.")
    assign_tags = _declare(
        tags.assign_tags,
        AssignTagsPayload,
        AssignTagsInput,
        ChangeCustomerTags,
        "Puts tags on customers. A customer that would have more than 50 tags is skipped.",
    )
    remove_tags = _declare(
        tags.remove_tags, RemoveTagsPayload, RemoveTagsInput, ChangeCustomerTags, "Takes tags off customers."
    )
