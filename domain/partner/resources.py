"""Resources: guides, trainings, videos and release notes, and how they are chosen (domain.md, "Resources")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.text.folding import split_words
from domain.text.search import parse_search
from domain.types import Product


class ResourceKind(StrEnum):
    """What form a resource has."""

    GUIDE = "GUIDE"
    TRAINING = "TRAINING"
    VIDEO = "VIDEO"
    RELEASE_NOTE = "RELEASE_NOTE"


@dataclass(frozen=True, slots=True)
class ResourceCondition:
    """What a list of resources asks for; None asks nothing, an empty tuple matches nothing."""

    kinds: tuple[ResourceKind, ...] | None = None
    products: tuple[Product, ...] | None = None
    quick_link: bool | None = None
    featured: bool | None = None
    words: tuple[str, ...] | None = None


def resource_condition(filter: Mapping[str, Any] | None, search: str | None) -> ResourceCondition:
    """The condition behind the arguments of a list; BadUserInput for a search that is too long."""
    given = filter or {}
    return ResourceCondition(
        _chosen(given.get("kind")),
        _chosen(given.get("product")),
        given.get("quick_link"),
        given.get("featured"),
        parse_search(search),
    )


def resource_words(title: str, summary: str) -> list[str]:
    """The distinct words that a resource is found by, sorted."""
    return sorted({*split_words(title), *split_words(summary)})


def _chosen(values: Sequence[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(dict.fromkeys(values))
