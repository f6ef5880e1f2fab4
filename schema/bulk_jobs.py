"""Bulk jobs: work on many customers that goes on behind the answer."""

from datetime import datetime
from typing import Any

import strawberry

from schema.enums import BulkJobState
from schema.node import Node
from store.tags.bulk_jobs import BulkJobDocument


@strawberry.type(description="Work on many customers, done in slices that survive a crash.")
class BulkJob(Node):
    """How far the work has come."""

    state: BulkJobState
    total: int
    done: int
    changed: int
    skipped: int
    started_at: datetime
    finished_at: datetime | None

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Whether a document is shown as this type."""
        return isinstance(value, BulkJobDocument)
