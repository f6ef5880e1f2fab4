"""Tags: colours, limits, and the inputs of their mutations."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct

from domain.inputs import ABSENT, Omittable
from domain.text.sentences import join_names

MAX_TAGS = 1_000
MAX_TAGS_PER_CUSTOMER = 50
MAX_NAME_LENGTH = 50
MAX_DESCRIPTION_LENGTH = 500


class TagColor(StrEnum):
    """The colours of tags."""

    GRAY = "GRAY"
    RED = "RED"
    ORANGE = "ORANGE"
    YELLOW = "YELLOW"
    GREEN = "GREEN"
    TEAL = "TEAL"
    BLUE = "BLUE"
    PURPLE = "PURPLE"
    PINK = "PINK"


class CreateTag(Struct, frozen=True, kw_only=True):
    """A new tag."""

    name: str
    color: TagColor
    description: Omittable[str] = ABSENT
    rule: Omittable[Mapping[str, Any]] = ABSENT


class UpdateTag(Struct, frozen=True, kw_only=True):
    """The changes of a tag; an absent field keeps its value."""

    id: str
    version: int
    name: Omittable[str] = ABSENT
    color: Omittable[TagColor] = ABSENT
    description: Omittable[str] = ABSENT
    rule: Omittable[Mapping[str, Any]] = ABSENT


class DeleteTag(Struct, frozen=True, kw_only=True):
    """The tag to be deleted."""

    id: str
    version: int


class CustomerSelection(Struct, frozen=True, kw_only=True):
    """Customers by id, or by a filter that `domain.customers.filter.parse_filter` reads; the API admits only one."""

    ids: Omittable[tuple[str, ...]] = ABSENT
    matching: Omittable[Mapping[str, Any]] = ABSENT


class ChangeCustomerTags(Struct, frozen=True, kw_only=True):
    """Tags to be assigned to customers or removed from them; a dry run only counts the changes."""

    customers: CustomerSelection
    tags: tuple[str, ...]
    dry_run: bool = False


def format_tag_names(names: Iterable[str]) -> str:
    """Return the tags for a sentence: `Tag Gold`, `Tags EMEA and Gold`."""
    sorted_names = sorted(names)
    return f"{'Tag' if len(sorted_names) == 1 else 'Tags'} {join_names(sorted_names)}"


def apply_tags(current: Sequence[str], tags: Collection[str], *, is_addition: bool) -> list[str]:
    """Return a customer's tags after `tags` are assigned or removed; the order of the others stays."""
    if is_addition:
        return [*current, *(tag for tag in tags if tag not in current)]
    return [tag for tag in current if tag not in tags]
