"""The sort keys of the calling tables. Nulls come last in both directions; ties go by name, then id, ascending."""

from enum import StrEnum


class CallingUsageOrderField(StrEnum):
    """The sort keys of the usage table."""

    CUSTOMER_NAME = "CUSTOMER_NAME"
    ACTIVE_USERS = "ACTIVE_USERS"
    CALLS = "CALLS"
    WEEKLY_CHANGE_PERCENT = "WEEKLY_CHANGE_PERCENT"


class CallQueueOrderField(StrEnum):
    """The sort keys of the queue table."""

    CUSTOMER_NAME = "CUSTOMER_NAME"
    OFFERED = "OFFERED"
    ABANDONED_PERCENT = "ABANDONED_PERCENT"
    SECONDS_TO_ANSWER = "SECONDS_TO_ANSWER"


class CallQualityOrderField(StrEnum):
    """The sort keys of the quality table."""

    CUSTOMER_NAME = "CUSTOMER_NAME"
    POOR = "POOR"
    POOR_PERCENT = "POOR_PERCENT"
