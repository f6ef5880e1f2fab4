"""Bulk jobs: work on many customers that continues after the mutation's response."""

from enum import StrEnum

# A mutation changes at most this many customers in its own transaction. More become a bulk job.
MAX_SYNCHRONOUS_CUSTOMERS = 1_000
# Of a partner, that tag customers: they run one after the other.
MAX_RUNNING_JOBS = 10


class BulkJobState(StrEnum):
    """The state of a job."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
