"""Merging delivered licence figures: the list of a subscription or trial, and the lines of license-usage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.failures import InvalidRecord
from domain.imports.license_fields import FIGURES, Figures, check_used_within_assigned
from domain.imports.records import ImportRecord
from domain.types import Product

Facts = dict[str, Any]
_PAIR = frozenset({"assigned", "used"})
_ORDER = {product.value: place for place, product in enumerate(Product)}


def merge_licenses(
    held: Sequence[Mapping[str, Any]], before: Mapping[str, Figures] | None, given: Mapping[str, Figures]
) -> list[Facts]:
    """The licence lines after a delivered list; `before` is the list delivered last, None where none was."""
    by_product = {line["product"]: line for line in held}
    lines = {} if before is None else {name: line for name, line in by_product.items() if name not in before}
    for product, figures in given.items():
        lines[product] = _merged(product, by_product.get(product), (before or {}).get(product, {}), figures)
    return [dict(lines[product]) for product in sorted(lines, key=_ORDER.__getitem__)]


def _merged(product: str, line: Mapping[str, Any] | None, before: Figures, given: Figures) -> Facts:
    if line is None:
        check_used_within_assigned(f"licenses.{product}.used", given.get("used", 0), given.get("assigned", 0))
        return {"product": product, "total": 0, "assigned": 0, "used": 0, "day": None, **given}
    merged = {**line, **_applied(before, given)}
    if merged["used"] > merged["assigned"]:
        raise _surplus_error(f"licenses.{product}", merged, is_used_held="used" not in given)
    return merged


def _applied(before: Figures, given: Figures) -> Figures:
    """The figures that differ from the delivered ones; `assigned` and `used` of one line go together."""
    applied = {figure: value for figure, value in given.items() if before.get(figure) != value}
    if _PAIR.isdisjoint(applied):
        return applied
    return {**applied, **{figure: value for figure, value in given.items() if figure in _PAIR}}


def _surplus_error(name: str, merged: Facts, *, is_used_held: bool) -> InvalidRecord:
    """Only one of the two figures was delivered, and does not go with the other, which is held."""
    used, assigned = merged["used"], merged["assigned"]
    if is_used_held:
        return InvalidRecord(f"{name}.assigned", f"is {assigned}, fewer than the {used} used that are held here")
    return InvalidRecord(f"{name}.used", f"is {used}, more than the {assigned} assigned that are held here")


def merge_delivered(before: Mapping[str, Figures] | None, given: Mapping[str, Figures]) -> dict[str, Figures]:
    """The list to remember as delivered: a figure that was left out keeps what was delivered for it before."""
    known = before or {}
    return {product: {**known.get(product, {}), **figures} for product, figures in given.items()}


@dataclass(frozen=True, slots=True)
class UsageMergeResult:
    """What a license-usage line does: changes of the current figures, and the day's snapshot (None: nothing new)."""

    current: Facts
    snapshot: Facts | None


def apply_usage(
    held: Mapping[str, Any], snapshot: Mapping[str, Any] | None, line: ImportRecord, now: datetime
) -> UsageMergeResult:
    """A line on the entitlement's licence line of its product, and on the snapshot of its day where there is one.

    A snapshot that this system took itself carries nothing delivered, and gives way to what is. A day that has not
    begun is refused: its figures would be the current ones until then, whatever came meanwhile.
    """
    if line.values["day"] > now:
        raise InvalidRecord("day", "lies in the future")
    before: Figures = (snapshot or {}).get("delivered") or {}
    given = {figure: line.values[figure] for figure in FIGURES if figure in line.values}
    delivered = {**before, **given}
    if delivered == before:
        return UsageMergeResult({}, None)
    applied = _applied(before, given)
    known = snapshot or held
    figures = {figure: applied.get(figure, known[figure]) for figure in FIGURES}
    return UsageMergeResult(_current(held, applied, line), {**figures, "delivered": delivered})


def _current(held: Mapping[str, Any], applied: Figures, line: ImportRecord) -> Facts:
    day = line.values["day"]
    if held.get("day") is not None and day < held["day"]:
        return {}
    return {name: value for name, value in {**applied, "day": day}.items() if held.get(name) != value}
