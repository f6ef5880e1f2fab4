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
                    add(slow(len(results), []))
                else:
                    add({'id': v0, 'name': v1, 'products': v2, 'tags': v3})
            except Exception:
                add(slow(len(results), []))
        return results

It is optimistic: `slow` completes a row with anything unexpected as graphql-core does. It gets the attributes that were
read, if all were: an attribute may be another one when it is read again, a coroutine for example. All names and keys
are written by `repr`, so no text of a client or of a schema becomes code.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

from graphql import Undefined

from execution.kept_rows import kept_row_code
from execution.plan import FAILED, FieldPlan, ObjectPlan, RowCode


@lru_cache(maxsize=16)
def _compile(lines: str) -> CodeType:
    """Return the code of the lines: most of the time of a plan, and often the same where only aliases differ."""
    return compile(lines, "<rows>", "exec")


def build_rows(plan: ObjectPlan) -> RowCode:
    """Return the function that builds the rows of a plan, with what it takes and reads."""
    plan_columns = [field for field in plan.fields if not field.is_inline]
    names: dict[str, Any] = {"FAILED": FAILED, "Undefined": Undefined}
    columns = [(f"c{index}", f"v{column.index}") for index, column in enumerate(plan_columns)]
    kept = kept_row_code(plan, names)
    attributes = _read_attributes(plan)
    read = ", ".join(map(_read_variable, attributes))
    lines = [
        f"def rows({', '.join(['objects', 'context', 'slow', *(column for column, _ in columns)])}):",
        " results = []",
        " add = results.append",
        *(f" {line}" for line in kept.before),
        _loop(columns),
        "  try:",
        *(f"   {line}" for line in kept.look_up),
        *(f"   {line}" for line in _reads(plan, names)),
    ]
    # All attributes were read where a later line raises: one that writes a member of an enumeration by its name.
    last_read = len(lines)
    lines += [
        *(f"   {line}" for line in _named_members(attributes, names)),
        *(f"   {line}" for line in _adds(plan, kept.keep, read)),
        "  except Exception as e:",
        f"   add(slow(len(results), [{read}] if e.__traceback__.tb_lineno > {last_read} else []))",
        " return results",
    ]
    exec(_compile("\n".join(lines)), names)  # noqa: S102  Only names of the schema and the document, by repr.
    return RowCode(names["rows"], plan_columns, attributes)


def _build_embedded(field: FieldPlan) -> Callable[[Any, Any], list[Any]]:
    """Return the function `(mappings, context) -> rows` of embedded objects; it raises where one needs a closer look.

    It reads the mappings themselves where nothing else of the objects is needed.
    """
    plan: Any = field.embedded_plan
    embedded: Any = field.execution.embedded
    names: dict[str, Any] = {"Undefined": Undefined, "order": embedded.order, "wrap": embedded.wrap}
    needs_object = any(_reads_object(each, embedded.attribute) for each in plan.fields)
    conditions = [condition for each in plan.fields if (condition := _unexpected(each))]
    lines = [
        "def rows(mappings, context):",
        " results = []",
        " add = results.append",
        f" for d in {'mappings' if embedded.order is None else 'order(mappings)'}:",
        *(["  o = wrap(d)"] if needs_object else []),
        *(f"  {line}" for line in _reads(plan, names, embedded.attribute)),
        *(f"  {line}" for line in _named_members(_read_attributes(plan), names)),
        *([f"  if {' or '.join(conditions)}: raise ValueError"] if conditions else []),
        f"  add({_row(plan)})",
        " return results",
    ]
    exec(_compile("\n".join(lines)), names)  # noqa: S102  Only names of the schema and the document, by repr.
    rows: Callable[[Any, Any], list[Any]] = names["rows"]
    return rows


def _reads_object(field: FieldPlan, mapping: str) -> bool:
    """Return whether an inline field needs more of its object than its mapping of the name."""
    source = _source(field)
    if source is not None:
        return bool(source.attribute != mapping)
    return field.execution.each is not None or field.attribute is not None


def _source(field: FieldPlan) -> Any:
    """Return where an inline field, or the list of embedded objects that it is, is stored; None for any other."""
    return field.execution.stored if field.embedded_plan is None else field.execution.embedded


def _loop(columns: list[tuple[str, str]]) -> str:
    if not columns:
        return " for o in objects:"
    values = ", ".join(value for _, value in columns)
    return f" for o, {values} in zip(objects, {', '.join(column for column, _ in columns)}):"


def _reads(plan: ObjectPlan, names: dict[str, Any], mapping: str | None = None) -> Iterator[str]:
    """Yield the lines that read the inline fields of the object `o`; `d` is its mapping of the name, where one is."""
    for field in plan.fields:
        if not field.is_inline:
            continue
        variable, source = f"v{field.index}", _source(field)
        if source is None:
            yield from _read_value(field, variable, names)
            continue
        if source.attribute != mapping:
            mapping = source.attribute
            yield f"d = o.{mapping}" if mapping.isidentifier() else f"d = getattr(o, {mapping!r})"
        if field.embedded_plan is not None:
            names[f"r{field.index}"] = _build_embedded(field)
            yield f"{variable} = r{field.index}(d[{source.key!r}], context)"
            continue
        yield f"{variable} = d.get({source.key!r})" if source.optional else f"{variable} = d[{source.key!r}]"
        if source.form is not None:
            names[f"f{field.index}"] = source.form
            yield f"if {variable} is not None: {variable} = f{field.index}({variable})"


def _read_value(field: FieldPlan, variable: str, names: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that read an attribute or call `each`, and serialize the value."""
    leaf, name, each, index = field.leaf, field.attribute, field.execution.each, field.index
    if leaf is None or (name is None and each is None):
        yield f"{variable} = {field.parent_type.name!r}"  # __typename
        return
    if each is not None:
        names[f"e{index}"] = each
    read = _read_variable(field)
    yield f"{read} = o.{name}" if each is None else f"{read} = e{index}(context, o)"
    if leaf.names:
        # Those of attributes are named when all attributes were read.
        yield from _named_members([field], names) if each is not None else ()
    elif not leaf.unexpected:
        names[f"f{index}"] = leaf.coerce
        yield f"if {variable} is None: {'raise ValueError' if field.is_required else 'pass'}"
        yield "else:"
        yield f" {variable} = f{index}({variable})"
        yield f" if {variable} is None or {variable} is Undefined: raise ValueError"


def _named_members(fields: Sequence[FieldPlan], names: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that write the members of enumerations by their names."""
    for field in fields:
        if field.leaf is not None and field.leaf.names:
            names[f"n{field.index}"], read = field.leaf.names, _read_variable(field)
            condition = "" if field.is_required else f" if {read} is not None else None"
            yield f"v{field.index} = n{field.index}[{read}]{condition}"


def _read_variable(field: FieldPlan) -> str:
    """Return the variable of the value as it was read; that of an enumeration is then written by its name."""
    return f"a{field.index}" if field.leaf is not None and field.leaf.names else f"v{field.index}"


def _read_attributes(plan: ObjectPlan) -> list[FieldPlan]:
    """Return the fields whose attributes the code of the rows reads: it passes their values to `slow`."""
    return [field for field in plan.fields if field.is_inline and _reads_attribute(field)]


def _reads_attribute(field: FieldPlan) -> bool:
    execution = field.execution
    is_declared = execution.stored is not None or execution.each is not None or field.embedded_plan is not None
    return field.attribute is not None and not is_declared


def _adds(plan: ObjectPlan, keep: Sequence[str], read: str) -> Iterator[str]:
    """Yield the lines that add the row `r` to the results; `read` are the variables of attributes."""
    conditions = [condition for field in plan.fields if (condition := _unexpected(field))]
    yield f"if {' or '.join(conditions) or 'False'}:"
    yield f" add(slow(len(results), [{read}]))"
    yield "else:"
    yield f" r = {_row(plan)}"
    yield from (f" {line}" for line in keep)
    yield " add(r)"


def _row(plan: ObjectPlan) -> str:
    return "{" + ", ".join(f"{field.key!r}: v{field.index}" for field in plan.fields) + "}"


def _unexpected(field: FieldPlan) -> str:
    """Return the condition under which the value of a field needs a closer look; empty where it never does."""
    variable, is_required = f"v{field.index}", field.is_required
    if not field.is_inline:
        return f"{variable} is FAILED" if is_required else ""
    if field.execution.stored is not None:
        return f"{variable} is None" if is_required else ""
    is_typename = field.attribute is None and field.execution.each is None
    if field.leaf is None or is_typename or not field.leaf.unexpected:
        return ""
    condition = field.leaf.unexpected.format(v=variable)
    return condition if is_required else f"{variable} is not None and ({condition})"
