"""Bulk jobs: work on many customers that goes on behind the answer."""

from datetime import datetime

import strawberry

from schema.enums import BulkJobState
from schema.node import Node
from schema.stored_values import shows
from store.tags.bulk_jobs import BulkJobDocument


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
