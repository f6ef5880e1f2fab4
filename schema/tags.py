"""Tags: labels that a partner defines and gives to its customers, and the jobs that work on many customers."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers import customer_lists, tags
from schema.enums import BulkJobState, Permission, TagColor
from schema.fields import field
from schema.node import PAGED, Node
from schema.organization import PartnerAdministrator
from schema.stored_values import shows
from store.tags.bulk_jobs import BulkJobDocument
from store.tags.documents import TagDocument

if TYPE_CHECKING:
    from schema.customer_lists import CustomerConnection


@strawberry.type
@shows(TagDocument)
class Tag(Node):
    """A label that the partner defines for its customers."""

    name: str = strawberry.field(description="The name, unique in the partner without regard to case.")
    color: TagColor = strawberry.field(description="The color in which the tag is shown.")
    description: str | None = strawberry.field(description="What the tag means; null where nothing is written.")
    rule = field(
        tags.rule,
        strawberry.scalars.JSON | None,
        "The CustomerFilter as it was given: exactly the customers that match have the tag. Null for a tag that "
        "administrators assign.",
        reads=(TagDocument.raw_rule,),
    )
    version: int = strawberry.field(
        description="The version increases by one with every change of the tag. It can be used as a cache key."
    )
    customer_count = field(
        tags.customer_count,
        int,
        "The number of customers that have the tag, among those that the viewer sees.",
        batch=True,
        reads=(TagDocument.id,),
    )
    customers = field(
        customer_lists.tag_customers,
        Annotated["CustomerConnection", strawberry.lazy("schema.customer_lists")],
        "The customers that have the tag, among those that the viewer sees, by name.",
        requires=Permission.READ_CUSTOMERS,
        **PAGED,
        reads=(TagDocument.id,),
    )
    created_at: datetime = strawberry.field(description="The moment at which the tag was created.")
    created_by = field(
        tags.created_by,
        PartnerAdministrator | None,
        "The administrator who created the tag; null where none did.",
        batch=True,
        reads=(TagDocument.created_by,),
    )


@strawberry.type
class TagCount:
    """A tag and the number of customers that have it."""

    value: Tag = strawberry.field(description="The tag.")
    count: int = strawberry.field(description="The number of customers.")


@strawberry.type
@shows(BulkJobDocument)
class BulkJob(Node):
    """Work on many customers, done in batches that survive a crash."""

    state: BulkJobState = strawberry.field(description="The state of the job.")
    total: int = strawberry.field(description="The number of customers to handle.")
    done: int = strawberry.field(description="The number of customers handled so far.")
    changed: int = strawberry.field(description="The number of customers changed so far.")
    skipped: int = strawberry.field(
        description="The number of customers left out so far, because they would have had more than 50 tags."
    )
    started_at: datetime = strawberry.field(description="The moment at which the job was created.")
    finished_at: datetime | None = strawberry.field(
        description="The moment at which the job ended; null while it is RUNNING."
    )
