"""Tags: their colours and their limits (domain.md, "Tags, trials, launch, views")."""

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum

from domain.text.sentences import listed

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


def named_tags(names: Iterable[str]) -> str:
    """Tags as a sentence names them: `Tag Gold`, `Tags Gold and EMEA`."""
    spelled = sorted(names)
    return f"{'Tag' if len(spelled) == 1 else 'Tags'} {listed(spelled)}"


def tags_after(held: Sequence[str], tags: Collection[str], *, are_added: bool) -> list[str]:
    """The tags of a customer once some were put on it or taken off; the same list where nothing changes."""
    if are_added:
        return [*held, *(tag for tag in tags if tag not in held)]
    return [tag for tag in held if tag not in tags]
