"""The code that keeps the row of an object which lives longer than one operation, such as a kept document.

For the state of a subscription, which changes at known moments only:

    now = moment(context)
    for o in objects:
        k = o.kept_row
        if k and k[0] is plan and k[1] <= now < k[2]:
            add(k[3])
            continue
        …
        if k is not None: o.kept_row = (plan, now, changes_at(o, now), r)

A kept row is one `dict` in several responses, which nobody may change. An object keeps one row, that of the plan which
read it last.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from graphql import TypeNameMetaFieldDef

from execution.metadata import KEPT_ROWS
from execution.plan import FieldPlan, ObjectPlan


class KeptRowCode(NamedTuple):
    """Lines before the loop over the objects, at the start of its body, and behind a row `r` that was built."""

    before: Sequence[str] = ()
    look_up: Sequence[str] = ()
    keep: Sequence[str] = ()


def kept_row_code(plan: ObjectPlan, names: dict[str, Any]) -> KeptRowCode:
    """Return the lines, and add their names; there are none where rows depend on more than their object and time."""
    declared = plan.type.extensions.get(KEPT_ROWS)
    if declared is None or not all(map(_is_keepable, plan.fields)):
        return KeptRowCode()
    # The plan itself would live as long as the documents.
    names.update(plan=object(), moment=declared.moment, changes_at=declared.changes_at)
    attribute = f"o.{declared.attribute}"
    if not any(field.execution.is_timed for field in plan.fields):
        look_up = (f"k = {attribute}", "if k and k[0] is plan:", " add(k[1])", " continue")
        return KeptRowCode((), look_up, (f"if k is not None: {attribute} = (plan, r)",))
    return KeptRowCode(
        ("now = moment(context)",),
        (f"k = {attribute}", "if k and k[0] is plan and k[1] <= now < k[2]:", " add(k[3])", " continue"),
        (f"if k is not None: {attribute} = (plan, now, changes_at(o, now), r)",),
    )


def _is_keepable(field: FieldPlan) -> bool:
    """Return whether the value depends on the object and the moment only."""
    if not field.is_inline:
        return False
    if field.embedded_plan is not None:
        return all(map(_is_constant, field.embedded_plan.fields))
    return _is_constant(field) or field.execution.is_timed


def _is_constant(field: FieldPlan) -> bool:
    is_read = field.execution.stored is not None or field.attribute is not None
    return field.is_inline and field.execution.each is None and (is_read or _is_typename(field))


def _is_typename(field: FieldPlan) -> bool:
    return field.definition.resolve is TypeNameMetaFieldDef.resolve
