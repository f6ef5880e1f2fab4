"""Generates the code that turns the objects of one plan into rows of the response.

For `{ id name products tags { id } }` of a stored customer:

    def rows(objects, context, slow, c0):
        results = []
        add = results.append
        for o, v3 in zip(objects, c0):
            try:
                d = o.document
                v0 = d['_id']
                v1 = d['name']
                v2 = d['products']
                if v0 is None or v1 is None or v2 is None or v3 is FAILED:
                    add(slow(len(results)))
                else:
                    add({'id': v0, 'name': v1, 'products': v2, 'tags': v3})
            except Exception:
                add(slow(len(results)))
        return results

It is optimistic: `slow` completes a row with anything unexpected as graphql-core does. All names and keys are written
by `repr`, so no text of a client or of a schema becomes code.
"""

from collections.abc import Callable, Iterator
from typing import Any

from graphql import Undefined

from execution.leaves import Leaf
from execution.plan import FAILED, FieldPlan, ObjectPlan, Rows


def build_rows(plan: ObjectPlan) -> Rows:
    """Return the function that builds the rows of a plan."""
    names: dict[str, Any] = {"FAILED": FAILED}
    columns = [(f"c{index}", f"v{column.index}") for index, column in enumerate(plan.columns)]
    lines = [
        f"def rows({', '.join(['objects', 'context', 'slow', *(column for column, _ in columns)])}):",
        " results = []",
        " add = results.append",
        _loop(columns),
        "  try:",
        *(f"   {line}" for line in _reads(plan, names)),
        *(f"   {line}" for line in _adds(plan)),
        "  except Exception:",
        "   add(slow(len(results)))",
        " return results",
    ]
    exec("\n".join(lines), names)  # noqa: S102  Only names of the schema and the document, by repr.
    rows: Rows = names["rows"]
    return rows


def _loop(columns: list[tuple[str, str]]) -> str:
    if not columns:
        return " for o in objects:"
    values = ", ".join(value for _, value in columns)
    return f" for o, {values} in zip(objects, {', '.join(column for column, _ in columns)}):"


def _reads(plan: ObjectPlan, names: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that read the inline fields of the object `o`."""
    mapping = None
    for field in plan.fields:
        if not field.is_inline:
            continue
        stored, variable = field.execution.stored, f"v{field.index}"
        if stored is None:
            yield from _read_value(field, variable, names)
            continue
        if stored.attribute != mapping:
            mapping = stored.attribute
            yield f"d = o.{mapping}" if mapping.isidentifier() else f"d = getattr(o, {mapping!r})"
        yield f"{variable} = d.get({stored.key!r})" if stored.optional else f"{variable} = d[{stored.key!r}]"
        if stored.form is not None:
            names[f"f{field.index}"] = stored.form
            yield f"if {variable} is not None: {variable} = f{field.index}({variable})"


def _read_value(field: FieldPlan, variable: str, names: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that read an attribute or call `each`, and serialize the value."""
    leaf, name, each, index = field.leaf, field.attribute, field.execution.each, field.index
    if leaf is None or (name is None and each is None):
        yield f"{variable} = {field.parent_type.name!r}"  # __typename
        return
    if each is not None:
        names[f"e{index}"] = each
    yield f"{variable} = o.{name}" if each is None else f"{variable} = e{index}(context, o)"
    guard = "" if field.is_required else f"if {variable} is not None: "
    if leaf.names:
        names[f"n{index}"] = leaf.names
        yield f"{guard}{variable} = n{index}[{variable}]"
    elif not leaf.unexpected:
        names[f"f{index}"] = _serializer(leaf)
        yield f"{guard}{variable} = f{index}({variable})"


def _serializer(leaf: Leaf) -> Callable[[Any], Any]:
    """Return the function that serializes a value; it raises where that needs a closer look."""
    coerce = leaf.coerce

    def serialize(value: Any) -> Any:
        serialized = coerce(value)
        if value is None or serialized is None or serialized is Undefined:
            raise ValueError
        return serialized

    return serialize


def _adds(plan: ObjectPlan) -> Iterator[str]:
    """Yield the lines that add the row to the results."""
    row = ", ".join(f"{field.key!r}: v{field.index}" for field in plan.fields)
    conditions = [condition for field in plan.fields if (condition := _unexpected(field))]
    if conditions:
        yield f"if {' or '.join(conditions)}:"
        yield " add(slow(len(results)))"
        yield "else:"
        yield f" add({{{row}}})"
    else:
        yield f"add({{{row}}})"


def _unexpected(field: FieldPlan) -> str:
    """Return the condition under which the value of a field needs a closer look; empty where it never does."""
    variable, is_required = f"v{field.index}", field.is_required
    if not field.is_inline:
        return f"{variable} is FAILED" if is_required else ""
    if field.execution.stored is not None:
        return f"{variable} is None" if is_required else ""
    if field.leaf is None or field.leaf.names or (field.attribute is None and field.execution.each is None):
        return ""
    if not field.leaf.unexpected:
        return ""
    condition = field.leaf.unexpected.format(v=variable)
    return condition if is_required else f"{variable} is not None and ({condition})"
