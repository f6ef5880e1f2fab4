"""What the tables of calling engagement are sorted by; nulls come last in both directions, ties go by name, then id."""

from enum import StrEnum


class CallingUsageOrderField(StrEnum):
    """The orders of customers and their usage."""

    CUSTOMER_NAME = "CUSTOMER_NAME"
    ACTIVE_USERS = "ACTIVE_USERS"
    CALLS = "CALLS"
    WEEKLY_CHANGE_PERCENT = "WEEKLY_CHANGE_PERCENT"


class CallQualityOrderField(StrEnum):
    """The orders of customers and the quality of their calls."""

    CUSTOMER_NAME = "CUSTOMER_NAME"
    POOR = "POOR"
    POOR_PERCENT = "POOR_PERCENT"
