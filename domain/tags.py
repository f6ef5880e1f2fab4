"""Tags: their colours and their limits (domain.md, "Tags, trials, launch, views")."""

from enum import StrEnum

MOST_TAGS = 1_000
MOST_TAGS_OF_A_CUSTOMER = 50
LONGEST_NAME = 50
LONGEST_DESCRIPTION = 500


class TagColor(StrEnum):
    """The colours that a tag may have."""

    GRAY = "GRAY"
    RED = "RED"
    ORANGE = "ORANGE"
    YELLOW = "YELLOW"
    GREEN = "GREEN"
    TEAL = "TEAL"
    BLUE = "BLUE"
    PURPLE = "PURPLE"
    PINK = "PINK"
