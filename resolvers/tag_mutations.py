"""The mutations of tags, and what they answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.user_errors import UserError
from resolvers.context import Context
from resolvers.mutations import MutationResult, run_mutation
from store.changes.mutations import MutationRequest
from store.customers.customers import CustomerDocument
from store.tags.assignment import assign_tags as assign
from store.tags.assignment import remove_tags as remove
from store.tags.bulk_jobs import BulkJobDocument
from store.tags.changes import create_tag as create
from store.tags.changes import delete_tag as delete
from store.tags.changes import update_tag as update
from store.tags.documents import TagDocument


@dataclass(frozen=True, slots=True)
class TagPayload:
    """The tag as it is now, or what was wrong."""

    tag: TagDocument | None
    user_errors: Sequence[UserError]


@dataclass(frozen=True, slots=True)
class DeleteTagPayload:
    """What is gone, or what was wrong."""

    deleted_id: str | None
    user_errors: Sequence[UserError]


@dataclass(frozen=True, slots=True)
class ChangeCustomerTagsPayload:
    """How many customers changed, or what was wrong."""

    changed: int
    skipped: int
    customers: Sequence[CustomerDocument]
    job: BulkJobDocument | None
    user_errors: Sequence[UserError]


async def create_tag(context: Context, asked: MutationRequest) -> TagPayload:
    outcome = await run_mutation(context, asked, create)
    return TagPayload(await context.loaders.find_tag(outcome["tag"]), outcome.user_errors)


async def update_tag(context: Context, asked: MutationRequest) -> TagPayload:
    outcome = await run_mutation(context, asked, update)
    return TagPayload(await context.loaders.find_tag(outcome["tag"]), outcome.user_errors)


async def delete_tag(context: Context, asked: MutationRequest) -> DeleteTagPayload:
    outcome = await run_mutation(context, asked, delete)
    return DeleteTagPayload(outcome["deleted"], outcome.user_errors)


async def assign_tags(context: Context, asked: MutationRequest) -> ChangeCustomerTagsPayload:
    return await _changed(context, await run_mutation(context, asked, assign))


async def remove_tags(context: Context, asked: MutationRequest) -> ChangeCustomerTagsPayload:
    return await _changed(context, await run_mutation(context, asked, remove))


async def _changed(context: Context, outcome: MutationResult) -> ChangeCustomerTagsPayload:
    found = await context.loaders.customers.load_many(outcome["customers"] or ())
    customers = [customer for customer in found if customer is not None]
    job = None if outcome["job"] is None else await context.loaders.bulk_jobs.load(outcome["job"])
    # What a job has done by now belongs to the answer: it goes on while this is read.
    changed, skipped = (job.changed, job.skipped) if job else (outcome["changed"] or 0, outcome["skipped"] or 0)
    return ChangeCustomerTagsPayload(changed, skipped, customers, job, outcome.user_errors)
