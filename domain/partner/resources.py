"""Resources: guides, trainings, videos and release notes, and the filter of their list."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct

from domain.text.search import parse_search
from domain.text.words import searched_words
from domain.types import Product


class ResourceKind(StrEnum):
    """The forms of resources."""

    GUIDE = "GUIDE"
    TRAINING = "TRAINING"
    VIDEO = "VIDEO"
    RELEASE_NOTE = "RELEASE_NOTE"


class ResourceCondition(Struct, frozen=True):
    """Conditions on resources, joined by AND; None is no condition, an empty tuple matches nothing."""

    kinds: tuple[ResourceKind, ...] | None = None
    products: tuple[Product, ...] | None = None
    quick_link: bool | None = None
    featured: bool | None = None
    words: tuple[str, ...] | None = None


def resource_condition(filter: Mapping[str, Any] | None, search: str | None) -> ResourceCondition:
    """Return the condition of a list's arguments; raise BadUserInput for a search that is too long."""
    raw = filter or {}
    return ResourceCondition(
        _distinct(raw.get("kind")),
        _distinct(raw.get("product")),
        raw.get("quick_link"),
        raw.get("featured"),
        parse_search(search),
    )


def resource_words(title: str, summary: str) -> list[str]:
    """Return the distinct words by which search finds a resource, sorted."""
    return sorted({*searched_words(title), *searched_words(summary)})


def _distinct(values: Sequence[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(dict.fromkeys(values))
