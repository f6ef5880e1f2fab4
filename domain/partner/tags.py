"""Tags: their colours and their limits (domain.md, "Tags, trials, launch, views")."""

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum

from domain.text.sentences import join_names

MAX_TAGS = 1_000
MAX_TAGS_PER_CUSTOMER = 50
MAX_NAME_LENGTH = 50
MAX_DESCRIPTION_LENGTH = 500


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


def format_tag_names(names: Iterable[str]) -> str:
    """Tags as a sentence names them: `Tag Gold`, `Tags Gold and EMEA`."""
    spelled = sorted(names)
    return f"{'Tag' if len(spelled) == 1 else 'Tags'} {join_names(spelled)}"


def apply_tags(held: Sequence[str], tags: Collection[str], *, is_addition: bool) -> list[str]:
    """The tags of a customer once some were put on it or taken off; the same list where nothing changes."""
    if is_addition:
        return [*held, *(tag for tag in tags if tag not in held)]
    return [tag for tag in held if tag not in tags]
