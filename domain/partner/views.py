"""Views: filters that somebody has named and kept, and how a filter is spelled (domain.md, "… launch, views")."""

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from domain.text.input_checks import api_name

MAX_NAME_LENGTH = 100
# Together what a list of views holds at most, so that nobody's view is ever missing from it.
MAX_OWN_VIEWS = 100
MAX_SHARED_VIEWS = 100
MAX_FILTER_LENGTH = 32_000


def filter_to_api(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A filter as the API spells it, from the mapping that a resolver is given; nothing is added or left out."""
    return None if given is None else {api_name(name): _value_to_api(value) for name, value in given.items()}


def filter_length(given: Mapping[str, Any] | None) -> int:
    """How many characters the filter has as JSON."""
    return len(json.dumps(given, default=str, ensure_ascii=False))


def filter_to_document(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A filter as it is kept: the names that `parse_filter` reads, enums by their names."""
    return None if given is None else {name: _value_to_document(value) for name, value in given.items()}


def _value_to_api(value: Any) -> Any:
    if isinstance(value, Mapping):
        return filter_to_api(value)
    return [_value_to_api(one) for one in value] if isinstance(value, list | tuple) else value


def _value_to_document(value: Any) -> Any:
    if isinstance(value, Mapping):
        return filter_to_document(value)
    if isinstance(value, list | tuple):
        return [_value_to_document(one) for one in value]
    return value.name if isinstance(value, Enum) else value
