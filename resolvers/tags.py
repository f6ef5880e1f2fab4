"""Tags: nothing creates them yet, so that only their shape stands here."""

from enum import StrEnum


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
