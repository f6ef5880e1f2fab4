"""Merges delivered licence figures: the list of a subscription or trial, and license-usage records."""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from domain.entitlements.license_keys import key_fields, key_of_line, license_key, line_position, snapshot_key
from domain.failures import InvalidRecord
from domain.imports.license_fields import FIGURES, Figures, check_used_within_assigned
from domain.imports.open_weeks import check_open_week
from domain.imports.records import DocumentFields, ImportRecord
from domain.time.weeks import is_week_closed, week_of

_PAIRED_FIGURES = frozenset({"assigned", "used"})
# The figures that a line has while none were delivered for it.
_INITIAL_FIGURES: Figures = {"assigned": 0, "used": 0}


def merge_licenses(
    stored: Sequence[Mapping[str, Any]], before: Mapping[str, Figures] | None, delivered_figures: Mapping[str, Figures]
) -> list[DocumentFields]:
    """Return the licence lines after a delivered list; `before` is the list delivered last, None for the first.

    Delivered figures are by the key of the line. A line that was delivered before and removed here stays removed while
    its delivered figures stay the same. A line that only gets a name, or loses it, stays the same line.
    """
    by_key = {key_of_line(line): line for line in stored}
    new_keys = _find_new_keys(by_key if before is None else before, delivered_figures)
    # A line that was made here with the new key stays, and takes the place of the renamed one.
    renamed = {key: _rename_line(by_key[old], key) for old, key in new_keys.items() if old in by_key}
    by_key = {**renamed, **{key: line for key, line in by_key.items() if key not in new_keys}}
    before = None if before is None else _rename_keys(before, new_keys)
    lines = {} if before is None else {key: line for key, line in by_key.items() if key not in before}
    snapshot_keys = {snapshot_key(line) for key, line in by_key.items() if key in lines or key in delivered_figures}
    for key, figures in delivered_figures.items():
        line_before = None if before is None or key not in before else {**_INITIAL_FIGURES, **before[key]}
        if key in by_key:
            lines[key] = _merge_line(key, by_key[key], line_before or {}, figures)
        elif line_before is None or _differing_figures(line_before, figures):
            lines[key] = _new_line(key, snapshot_keys, {**_INITIAL_FIGURES, **(line_before or {}), **figures})
    return [dict(line) for line in sorted(lines.values(), key=line_position)]


def _find_new_keys(former_keys: Iterable[str], delivered_keys: Iterable[str]) -> dict[str, str]:
    """Return the new key of each line that got a name or lost it, by its former key.

    A record without a name means the only line of its product. So the only line of a product that gets a name, or
    loses it, is still that line. A line with another name is another line.
    """
    former, delivered = _only_lines(former_keys), _only_lines(delivered_keys)
    pairs = ((product, former[product], key) for product, key in delivered.items() if product in former)
    # The key of a line without a name is its product.
    return {old: key for product, old, key in pairs if old != key and product in (old, key)}


def _only_lines(keys: Iterable[str]) -> dict[str, str]:
    """Return the keys of the products that have one line only, by product."""
    by_product: dict[str, list[str]] = {}
    for key in keys:
        by_product.setdefault(key_fields(key)["product"], []).append(key)
    return {product: product_keys[0] for product, product_keys in by_product.items() if len(product_keys) == 1}


def _rename_keys(figures_by_key: Mapping[str, Figures], new_keys: Mapping[str, str]) -> dict[str, Figures]:
    return {new_keys.get(key, key): figures for key, figures in figures_by_key.items()}


def _rename_line(line: Mapping[str, Any], key: str) -> DocumentFields:
    kept = {name: value for name, value in line.items() if name not in ("product", "name", "snapshot_key")}
    return {**_identity_fields(key, snapshot_key(line)), **kept}


def _identity_fields(key: str, key_of_snapshots: str) -> DocumentFields:
    return {**key_fields(key), **({} if key_of_snapshots == key else {"snapshot_key": key_of_snapshots})}


def _new_line(key: str, snapshot_keys: Container[str], figures: Figures) -> DocumentFields:
    """Return a new line; `snapshot_keys` are those of the other lines."""
    check_used_within_assigned(f"licenses.{key}.used", figures["used"], figures["assigned"])
    product, _, name = key.partition(":")
    key_of_snapshots = key
    while key_of_snapshots in snapshot_keys:
        # A delivered name never begins with a space.
        name = f" {name}"
        key_of_snapshots = license_key(product, name)
    return {**_identity_fields(key, key_of_snapshots), "day": None, **figures}


def _merge_line(key: str, line: Mapping[str, Any], before: Figures, delivered_figures: Figures) -> DocumentFields:
    merged = {**line, **_differing_figures(before, delivered_figures)}
    if merged["used"] > merged["assigned"]:
        raise _surplus_error(f"licenses.{key}", merged, is_used_stored="used" not in delivered_figures)
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
    known = _rename_keys(before or {}, _find_new_keys(before or {}, delivered_figures))
    return {key: {**known.get(key, {}), **figures} for key, figures in delivered_figures.items()}


def find_usage_line(lines: Sequence[Mapping[str, Any]], record: ImportRecord) -> int:
    """Return the position of the line that a license-usage record is about.

    InvalidRecord where the entitlement has no such line, or where a record without a name could mean several lines.
    """
    product, name = record.values["product"], record.values["name"]
    positions = [position for position, line in enumerate(lines) if line["product"] == product]
    if not positions:
        raise InvalidRecord("product", f"is {product}, of which {record.key} has no licenses")
    names = [lines[position].get("name") for position in positions]
    if name is None and len(positions) > 1:
        raise InvalidRecord("name", f"is missing: {record.key} has several lines of {product}: {_list_names(names)}")
    if name is not None and name not in names:
        raise InvalidRecord("name", f"is {name!r}: the lines of {product} of {record.key} are {_list_names(names)}")
    return positions[0] if name is None else positions[names.index(name)]


def _list_names(names: Sequence[str | None]) -> str:
    return ", ".join("one without a name" if name is None else repr(name) for name in names)


class UsageMergeResult(Struct, frozen=True):
    """The changes of the current figures, and the snapshot of the day (None where nothing new was delivered)."""

    current: DocumentFields
    snapshot: DocumentFields | None


def is_open_day(record: ImportRecord, now: datetime) -> bool:
    """Return whether `merge_usage` accepts the day of a license-usage record, so that its week has to be read."""
    return record.values["day"] <= now and not is_week_closed(week_of(record.values["day"]), now)


def merge_usage(
    license_line: Mapping[str, Any], snapshot: Mapping[str, Any] | None, record: ImportRecord, now: datetime
) -> UsageMergeResult:
    """Merge a license-usage record into its licence line and into the snapshot of its day, if any.

    A snapshot that this system took has no delivered figures, and delivered ones replace it. InvalidRecord for a day
    in the future, whose figures would stay the current ones until that day, and for a day of a closed week.
    """
    check_open_week("day", record.values["day"], now)
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
