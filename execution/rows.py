"""The rows of objects that are repeated, and the cost of objects whose rows are built with their parents'."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from execution.plan import FAILED, ObjectPlan

# Rows are shared where objects are repeated so often on average.
_MIN_REPETITIONS = 2


def embedded_weight(plan: ObjectPlan, objects: Sequence[Any]) -> int:
    """Return the cost of the embedded objects whose rows are built with those of the objects."""
    weight = 0
    for field in plan.embedded:
        embedded: Any = field.execution.embedded
        embedded_plan: Any = field.embedded_plan
        # Where one is stored otherwise, its row is resolved field by field, and counted then.
        with suppress(Exception):
            count = sum([len(getattr(each, embedded.attribute)[embedded.key]) for each in objects])
            weight += count * (field.row_weight + embedded_plan.weight)
    return weight


def shared_rows(plan: ObjectPlan, objects: Sequence[Any]) -> list[Any] | None:
    """Return the rows of stored objects that are repeated, such as tags: each row is built once.

    None where few are repeated, and where a row needs a closer look, because each then has errors at its own place.
    """
    # Counted first: the objects of most lists are all different.
    if _MIN_REPETITIONS * len(set(map(id, objects))) > len(objects):
        return None
    distinct = {id(each): each for each in objects}
    build = plan.code.rows
    rows = build(list(distinct.values()), None, lambda *_: FAILED)
    if FAILED in rows:
        return None
    by_id = dict(zip(distinct, rows, strict=True))
    return [by_id[id(each)] for each in objects]
