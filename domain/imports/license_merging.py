"""Merges delivered licence figures: the list of a subscription or trial, and license-usage records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.failures import InvalidRecord
from domain.imports.license_fields import FIGURES, Figures, check_used_within_assigned
from domain.imports.records import DocumentFields, ImportRecord
from domain.types import Product

_PAIRED_FIGURES = frozenset({"assigned", "used"})
_PRODUCT_ORDER = {product.value: position for position, product in enumerate(Product)}


def merge_licenses(
    stored: Sequence[Mapping[str, Any]], before: Mapping[str, Figures] | None, delivered_figures: Mapping[str, Figures]
) -> list[DocumentFields]:
    """Return the licence lines after a delivered list; `before` is the list delivered last, None for the first."""
    by_product = {line["product"]: line for line in stored}
    lines = {} if before is None else {name: line for name, line in by_product.items() if name not in before}
    for product, figures in delivered_figures.items():
        lines[product] = _merge_line(product, by_product.get(product), (before or {}).get(product, {}), figures)
    return [dict(lines[product]) for product in sorted(lines, key=_PRODUCT_ORDER.__getitem__)]


def _merge_line(
    product: str, line: Mapping[str, Any] | None, before: Figures, delivered_figures: Figures
) -> DocumentFields:
    if line is None:
        check_used_within_assigned(
            f"licenses.{product}.used", delivered_figures.get("used", 0), delivered_figures.get("assigned", 0)
        )
        return {"product": product, "total": 0, "assigned": 0, "used": 0, "day": None, **delivered_figures}
    merged = {**line, **_differing_figures(before, delivered_figures)}
    if merged["used"] > merged["assigned"]:
        raise _surplus_error(f"licenses.{product}", merged, is_used_stored="used" not in delivered_figures)
    return merged


def _differing_figures(before: Figures, delivered_figures: Figures) -> Figures:
    """Return the figures that differ from those delivered before; `assigned` and `used` are applied together."""
    applied = {figure: value for figure, value in delivered_figures.items() if before.get(figure) != value}
    if _PAIRED_FIGURES.isdisjoint(applied):
        return applied
    return {**applied, **{figure: value for figure, value in delivered_figures.items() if figure in _PAIRED_FIGURES}}


def _surplus_error(name: str, merged: DocumentFields, *, is_used_stored: bool) -> InvalidRecord:
    """Return the error for one delivered figure of the two that contradicts the other, stored one."""
    used, assigned = merged["used"], merged["assigned"]
    if is_used_stored:
        return InvalidRecord(f"{name}.assigned", f"is {assigned}, fewer than the {used} used that are held here")
    return InvalidRecord(f"{name}.used", f"is {used}, more than the {assigned} assigned that are held here")


def merge_delivered(
    before: Mapping[str, Figures] | None, delivered_figures: Mapping[str, Figures]
) -> dict[str, Figures]:
    """Return the list to store as delivered; a figure that is left out keeps its value from before."""
    known = before or {}
    return {product: {**known.get(product, {}), **figures} for product, figures in delivered_figures.items()}


@dataclass(frozen=True, slots=True)
class UsageMergeResult:
    """The changes of the current figures, and the snapshot of the day (None where nothing new was delivered)."""

    current: DocumentFields
    snapshot: DocumentFields | None


def merge_usage(
    license_line: Mapping[str, Any], snapshot: Mapping[str, Any] | None, record: ImportRecord, now: datetime
) -> UsageMergeResult:
    """Merge a license-usage record into the licence line of its product and into the snapshot of its day, if any.

    A snapshot that this system took has no delivered figures, and delivered ones replace it. InvalidRecord for a day
    in the future: its figures would stay the current ones until that day.
    """
    if record.values["day"] > now:
        raise InvalidRecord("day", "lies in the future")
    before: Figures = (snapshot or {}).get("delivered") or {}
    delivered_figures = {figure: record.values[figure] for figure in FIGURES if figure in record.values}
    delivered = {**before, **delivered_figures}
    if delivered == before:
        return UsageMergeResult({}, None)
    applied = _differing_figures(before, delivered_figures)
    known = snapshot or license_line
    figures = {figure: applied.get(figure, known[figure]) for figure in FIGURES}
    return UsageMergeResult(_current_figures(license_line, applied, record), {**figures, "delivered": delivered})


def _current_figures(license_line: Mapping[str, Any], applied: Figures, record: ImportRecord) -> DocumentFields:
    day = record.values["day"]
    if license_line.get("day") is not None and day < license_line["day"]:
        return {}
    return {name: value for name, value in {**applied, "day": day}.items() if license_line.get(name) != value}
