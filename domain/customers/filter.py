"""CustomerFilter, the filter of the API: parsed into conditions."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from domain.customers.conditions import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Condition,
    ExpiresWithin,
    HasKey,
    HasWordPrefixes,
    InstantField,
    InstantInRange,
    Not,
    RenewsWithin,
)
from domain.customers.keys import dimension_key, presence_key
from domain.customers.kpis import KpiKind, kpi_condition
from domain.failures import BadUserInput, Forbidden, TooManyValues
from domain.messages import translatable
from domain.permissions import Permission
from domain.text.api_names import api_name
from domain.text.search import parse_search
from domain.types import AnalyticsProduct

MAX_FILTER_DEPTH = 5
MAX_FILTERS = 100
MAX_VALUES = 500
MAX_WINDOW_DAYS = 365
# The filter's fields that are conditions on keys, and the names of the dimensions of these keys.
DIMENSIONS: Mapping[str, str] = {
    "managed_by": "managed_by",
    "product": "product",
    "status": "status",
    "subscription_type": "type",
    "tag": "tag",
    "administrator": "administrator",
    "country": "country",
    "invoice_state": "invoice",
}
# The conditions whose result can change by time alone, or by a change of another customer.
_TIME_CONDITIONS = frozenset({"expires_within_days", "renews_within_days", "kpi"})


def parse_filter(raw: Mapping[str, Any] | None) -> AllOf:
    """Return the conditions of a filter, joined by AND; raise BadUserInput for an invalid one.

    allOf, anyOf and not nest at most MAX_FILTER_DEPTH deep. A single value is read as a list of one.
    """
    return _FilterParser().read(raw or {}, 0)


class _FilterParser:
    """Parses one filter and counts the nested filters, because MongoDB plans each of them."""

    def __init__(self) -> None:
        self._filters = 0

    def read(self, raw: Mapping[str, Any], depth: int) -> AllOf:
        self._filters += 1
        if depth > MAX_FILTER_DEPTH:
            raise BadUserInput(
                translatable("A filter may hold allOf, anyOf and not at most {depth} deep.", depth=MAX_FILTER_DEPTH)
            )
        if self._filters > MAX_FILTERS:
            raise BadUserInput(translatable("A filter may consist of at most {most} filters.", most=MAX_FILTERS))
        return AllOf(
            tuple(self._parse_condition(name, value, depth) for name, value in raw.items() if value is not None)
        )

    def _parse_condition(self, name: str, value: Any, depth: int) -> Condition:
        if name in DIMENSIONS:
            return _has_key(name, _as_list(name, value))
        if name in _CONDITIONS:
            return _CONDITIONS[name](value)
        if name == "not_":
            return Not(self.read(value, depth + 1))
        if name not in ("all_of", "any_of"):
            raise BadUserInput(translatable("A filter has no condition {name}.", name=name))
        inner = tuple(self.read(nested, depth + 1) for nested in _as_list(name, value))
        return AllOf(inner) if name == "all_of" else AnyOf(inner)


def _as_list(name: str, value: Any) -> Sequence[Any]:
    values = value if isinstance(value, list | tuple) else [value]
    if len(values) > MAX_VALUES:
        raise TooManyValues(name, MAX_VALUES, len(values))
    return values


def _has_key(name: str, values: Sequence[Any]) -> HasKey:
    dimension = DIMENSIONS[name]
    return HasKey(dimension, tuple(sorted({dimension_key(dimension, str(value)) for value in values})))


def _search(text: str) -> Condition:
    words = parse_search(text)
    return EVERYTHING if words is None else HasWordPrefixes(words)


def _expires_within(days: Any) -> ExpiresWithin:
    return ExpiresWithin(_window_days("expires_within_days", days))


def _renews_within(days: Any) -> RenewsWithin:
    return RenewsWithin(_window_days("renews_within_days", days))


def _window_days(name: str, days: Any) -> int:
    if type(days) is not int or not 1 <= days <= MAX_WINDOW_DAYS:
        raise BadUserInput(
            translatable("{field} is a number from 1 to {most}.", field=api_name(name), most=MAX_WINDOW_DAYS)
        )
    return days


def _has_any(dimension: str, has_any: Any) -> HasKey:
    return HasKey(dimension, (presence_key(dimension, is_present=bool(has_any)),))


def _instant_in_range(field: InstantField, bounds: Mapping[str, datetime | None]) -> InstantInRange:
    return InstantInRange(field, bounds.get("since"), bounds.get("until"))


def _is_behind_kpi(kpi: Mapping[str, Any]) -> Condition:
    product = kpi.get("product")
    return kpi_condition(KpiKind(kpi["kind"]), None if product is None else AnalyticsProduct(product))


_CONDITIONS: Mapping[str, Callable[[Any], Condition]] = {
    "search": _search,
    "expires_within_days": _expires_within,
    "renews_within_days": _renews_within,
    "kpi": _is_behind_kpi,
    "has_tags": partial(_has_any, "has_tags"),
    "has_assignments": partial(_has_any, "has_assignments"),
    "created_at": partial(_instant_in_range, "created_at"),
    "last_administrator_sign_in_at": partial(_instant_in_range, "last_administrator_sign_in_at"),
}


def is_filter_permitted(raw: Mapping[str, Any] | None, permissions: Collection[Permission]) -> bool:
    """Return whether the permissions suffice: a KPI in the filter, or in one nested in it, needs READ_ANALYTICS."""
    return Permission.READ_ANALYTICS in permissions or "kpi" not in find_conditions(raw or {})


def check_filter_permissions(raw: Mapping[str, Any] | None, permissions: Collection[Permission]) -> None:
    """Raise Forbidden where the permissions do not suffice for the filter."""
    if not is_filter_permitted(raw, permissions):
        raise Forbidden(Permission.READ_ANALYTICS)


def find_time_conditions(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield the filter's fields, also of nested filters, that feeds refuse, in the API's spelling."""
    return (api_name(name) for name in find_conditions(raw) if name in _TIME_CONDITIONS)


def find_conditions(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the filter's fields with a value, also those of nested filters."""
    for name, value in raw.items():
        if value is not None:
            yield name
        for nested in value if isinstance(value, list | tuple) else [value]:
            if isinstance(nested, Mapping):
                yield from find_conditions(nested)
