"""The mutations of tags, and the fields of their payloads."""

from domain.partner.tags import ChangeCustomerTags, CreateTag, DeleteTag, UpdateTag
from resolvers.context import Context
from resolvers.mutations import MutationResult, ObjectResult, changed_id, run_mutation
from store.changes.mutations import ChangedObject, MutationRequest
from store.customers.customers import CustomerDocument
from store.tags import assignment, changes
from store.tags.assignment import TaggingResult
from store.tags.bulk_jobs import BulkJobDocument
from store.tags.changes import TagSaved
from store.tags.documents import TagDocument


async def create_tag(context: Context, request: MutationRequest[CreateTag]) -> MutationResult[TagSaved]:
    return await run_mutation(context, request, changes.create_tag, TagSaved)


async def update_tag(context: Context, request: MutationRequest[UpdateTag]) -> MutationResult[TagSaved]:
    return await run_mutation(context, request, changes.update_tag, TagSaved)


async def delete_tag(context: Context, request: MutationRequest[DeleteTag]) -> ObjectResult:
    return await run_mutation(context, request, changes.delete_tag, ChangedObject)


async def assign_tags(context: Context, request: MutationRequest[ChangeCustomerTags]) -> MutationResult[TaggingResult]:
    return await run_mutation(context, request, assignment.assign_tags, TaggingResult)


async def remove_tags(context: Context, request: MutationRequest[ChangeCustomerTags]) -> MutationResult[TaggingResult]:
    return await run_mutation(context, request, assignment.remove_tags, TaggingResult)


async def changed_tag(context: Context, payload: MutationResult[TagSaved]) -> TagDocument | None:
    return await context.loaders.find_tag(payload.result.id if payload.result else None)


def deleted_id(_context: Context, payload: ObjectResult) -> str | None:
    return changed_id(payload)


async def changed_count(context: Context, payload: MutationResult[TaggingResult]) -> int:
    job = await bulk_job(context, payload)
    return job.changed if job else payload.result.changed if payload.result else 0


async def skipped_count(context: Context, payload: MutationResult[TaggingResult]) -> int:
    job = await bulk_job(context, payload)
    return job.skipped if job else payload.result.skipped if payload.result else 0


async def changed_customers(context: Context, payload: MutationResult[TaggingResult]) -> list[CustomerDocument]:
    return await context.loaders.find_customers(payload.result.customers if payload.result else ())


async def bulk_job(
    context: Context, payload: MutationResult[TaggingResult] | MutationResult[TagSaved]
) -> BulkJobDocument | None:
    """Return the job with its progress by now, read once in an operation; so its counts agree with the payload's."""
    job_id = payload.result.job if payload.result else None
    return None if job_id is None else await context.loaders.bulk_jobs.load(job_id)
