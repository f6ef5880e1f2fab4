"""Views: filters that somebody has named and kept, and how a filter is spelled (domain.md, "… launch, views")."""

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from domain.text.input_checks import api_name

LONGEST_NAME = 100
# Together what a list of views holds at most, so that nobody's view is ever missing from it.
MOST_OF_ONES_OWN = 100
MOST_SHARED = 100
LONGEST_FILTER = 32_000


def spelled_filter(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A filter as the API spells it, from the mapping that a resolver is given; nothing is added or left out."""
    return None if given is None else {api_name(name): _spelled(value) for name, value in given.items()}


def filter_length(given: Mapping[str, Any] | None) -> int:
    """How many characters the filter has as JSON."""
    return len(json.dumps(given, default=str, ensure_ascii=False))


def stored_filter(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A filter as it is kept: the names that `parse_filter` reads, enums by their names."""
    return None if given is None else {name: _stored(value) for name, value in given.items()}


def _spelled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return spelled_filter(value)
    return [_spelled(one) for one in value] if isinstance(value, list | tuple) else value


def _stored(value: Any) -> Any:
    if isinstance(value, Mapping):
        return stored_filter(value)
    if isinstance(value, list | tuple):
        return [_stored(one) for one in value]
    return value.name if isinstance(value, Enum) else value
