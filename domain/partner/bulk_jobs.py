"""Bulk jobs: work on many customers that goes on behind the answer."""

from enum import StrEnum

# Up to so many customers are changed within the answer, in its own transaction.
MAX_SYNCHRONOUS_CUSTOMERS = 1_000


class BulkJobState(StrEnum):
    """How far a job has come."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
