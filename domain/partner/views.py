"""Views: named customer filters, their stored form and their API form.

A filter is a mapping in the spelling that `domain.customers.filter.parse_filter` reads.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from msgspec import Struct

from domain.inputs import ABSENT, Omittable
from domain.text.api_names import api_name
from domain.time.instants import format_instant

MAX_NAME_LENGTH = 100
# The sum is the longest list of views that one viewer can see. The list has no pages, so both parts are bounded.
MAX_OWN_VIEWS = 100
MAX_SHARED_VIEWS = 100
MAX_FILTER_LENGTH = 32_000


class SaveCustomerView(Struct, frozen=True, kw_only=True):
    """A new view with a name, or with an `id` the changes of an existing one; an absent field keeps its value."""

    id: Omittable[str] = ABSENT
    version: Omittable[int] = ABSENT
    name: Omittable[str] = ABSENT
    filter: Omittable[Mapping[str, Any]] = ABSENT
    shared: Omittable[bool] = ABSENT


class DeleteCustomerView(Struct, frozen=True, kw_only=True):
    """The view to be deleted."""

    id: str


def filter_to_api(raw_filter: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the filter in the API's spelling, with all its conditions."""
    return None if raw_filter is None else {api_name(name): _value_to_api(value) for name, value in raw_filter.items()}


def filter_length(raw_filter: Mapping[str, Any] | None) -> int:
    """Return the number of characters of the filter as JSON."""
    return len(json.dumps(raw_filter, default=str, ensure_ascii=False))


def filter_to_document(raw_filter: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the filter as it is stored: enums by name, tuples as lists."""
    return None if raw_filter is None else {name: _value_to_document(value) for name, value in raw_filter.items()}


def _value_to_api(value: Any) -> Any:
    if isinstance(value, Mapping):
        return filter_to_api(value)
    if isinstance(value, datetime):
        return format_instant(value)
    return [_value_to_api(item) for item in value] if isinstance(value, list | tuple) else value


def _value_to_document(value: Any) -> Any:
    if isinstance(value, Mapping):
        return filter_to_document(value)
    if isinstance(value, list | tuple):
        return [_value_to_document(item) for item in value]
    return value.name if isinstance(value, Enum) else value
