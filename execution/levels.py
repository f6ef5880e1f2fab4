"""Executes a plan level by level: all objects of a level at once, independent fields concurrently.

Every method returns its result or, where something has to be awaited, a coroutine of it, which is registered with
`expect` and awaited with `begin` (resolving.py). In the place of a value, FAILED says that its error is recorded. The
usual case of each step handles a level as a whole; anything unexpected, a null, an exception, an awaitable, an
iterator, is handled value by value (completion.py).
"""

from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from execution.compiler import Compiler
from execution.completion import Completion
from execution.places import Lengths, Places, as_read, collect_children, divide, lengths_of
from execution.plan import FAILED, FieldPlan, ObjectPlan, RowCode
from execution.resolving import Resolving, is_loop_running
from execution.rows import embedded_weight, shared_rows
from execution.runtime_types import RuntimeTypes
from execution.turns import TURNS
from execution.values import Checks, Job, are_plain, prepare, prepare_first

if TYPE_CHECKING:
    from execution.context import CompiledExecutionContext

# Columns of no more objects do not wait for a turn.
_FEW = 20
_NULL = type(None)
_LISTS = {list, tuple}
Columns = dict[int, Any]


class NeedsColumn(BaseException):
    """A value of an inline field has to be awaited: the field is resolved as a column instead."""

    def __init__(self, field: FieldPlan) -> None:
        self.field = field


class Levels:
    """One execution of a plan."""

    def __init__(self, host: "CompiledExecutionContext", compiler: Compiler) -> None:
        self._host, self._compiler = host, compiler
        self.completion = Completion(host)
        self.resolving = Resolving(host, self.completion)
        self._checks = Checks(host.is_awaitable, host.is_async_iterable, self.resolving.expect)
        self._types = RuntimeTypes(host, self.resolving, self.completion)

    def root(self, plan: ObjectPlan, root: Any, places: Places) -> Any:
        """Return the result of the root, in a list; its fields are resolved concurrently."""
        return self.objects(plan, [root], places, None)

    def objects(self, plan: ObjectPlan, objects: Sequence[Any], places: Places, owner: FieldPlan | None) -> Any:
        """Return the results of objects of one type; `owner` is the field that returned them, None for the root."""
        embedded = embedded_weight(plan, objects) if plan.embedded else 0
        failure = self._host.spend(plan.weight * len(objects) + embedded)
        if failure is not None:
            return self._refuse(owner, places, failure, len(objects))
        return self._resolve(plan, objects, places, {})

    def _resolve(self, plan: ObjectPlan, objects: Sequence[Any], places: Places, columns: Columns) -> Any:
        """Resolve the columns that are missing, then build the rows."""
        while True:
            code, is_ready = plan.code, True
            for field in code.columns:
                column = columns.get(field.index)
                if column is None:
                    column = columns[field.index] = self.column(field, objects, places)
                is_ready = is_ready and type(column) is list
            if not is_ready:
                return self.resolving.expect(self._resolve_later(plan, objects, places, columns))
            try:
                return self._rows(plan, code, objects, places, columns)
            except NeedsColumn as needed:
                self._compiler.move_to_column(plan, needed.field)

    async def _resolve_later(self, plan: ObjectPlan, objects: Sequence[Any], places: Places, columns: Columns) -> Any:
        waiting = [index for index, column in columns.items() if type(column) is not list]
        results = await self.resolving.together([columns[index] for index in waiting])
        columns.update(zip(waiting, results, strict=True))
        return await self.resolving.now(self._resolve(plan, objects, places, columns))

    def root_serially(self, plan: ObjectPlan, root: Any, places: Places, columns: Columns | None = None) -> Any:
        """Return the result of the root, in a list; its fields are resolved one after the other."""
        if columns is None:
            failure = self._host.spend(plan.weight)
            if failure is not None:
                return [self.completion.fail(None, None, failure)]
            columns = {}
        for field in plan.code.columns:
            column = columns.get(field.index)
            if column is None:
                column = columns[field.index] = self.column(field, [root], places)
            if type(column) is not list:
                return self.resolving.expect(self._root_later(plan, root, places, columns, field.index))
            if column[0] is FAILED:
                return [FAILED]
        return self._resolve(plan, [root], places, columns)

    async def _root_later(self, plan: ObjectPlan, root: Any, places: Places, columns: Columns, index: int) -> Any:
        columns[index] = await self.resolving.begin(columns[index])
        return await self.resolving.now(self.root_serially(plan, root, places, columns))

    def column(self, field: FieldPlan, objects: Sequence[Any], places: Places) -> Any:
        """Return the completed value of a field of each object."""
        if len(objects) > _FEW and is_loop_running() and TURNS.is_over() and self.resolving.can_wait():
            return self.resolving.expect(self._column_in_turn(field, objects, places))
        return self._column_now(field, objects, places)

    async def _column_in_turn(self, field: FieldPlan, objects: Sequence[Any], places: Places) -> Any:
        await TURNS.wait()
        return await self.resolving.now(self._column_now(field, objects, places))

    def _column_now(self, field: FieldPlan, objects: Sequence[Any], places: Places) -> Any:
        if self._host.has_stopped:
            return [FAILED] * len(objects)
        values = self.resolving.column(field, objects, places)
        if type(values) is list:
            return self.values(field, values, places)
        return self.resolving.expect(self._values_later(field, values, places))

    async def _values_later(self, field: FieldPlan, values: Any, places: Places) -> Any:
        resolved = await self.resolving.begin(values)
        await TURNS.wait()
        return await self.resolving.now(self.values(field, resolved, places))

    def values(self, field: FieldPlan, values: list[Any], places: Places) -> Any:
        """Complete the values of a field: values, awaitables of values, and exceptions."""
        completed = self._plain_values(field, values, places)
        if completed is not None:
            return completed
        prepared: list[Any] = list(values)
        value_type, checks = field.definition.type, self._checks
        jobs: list[Job] = []
        for index, value in enumerate(values):
            jobs.extend(prepare_first(value_type, value, prepared, index, checks))
        if jobs:
            return self.resolving.expect(self._values_after(field, prepared, jobs, places))
        return self._any_values(field, prepared, places)

    async def _values_after(self, field: FieldPlan, values: list[Any], jobs: Sequence[Job], places: Places) -> Any:
        while jobs:
            results = await self.resolving.all([job.awaitable for job in jobs])
            for job, result in zip(jobs, results, strict=True):
                job.items[job.place] = result
            completed = self._plain_values(field, values, places)
            if completed is not None:
                await TURNS.wait()
                return await self.resolving.now(completed)
            following: list[Job] = []
            for job, result in zip(jobs, results, strict=True):
                following.extend(prepare(job.item_type, result, job.items, job.place, self._checks))
            jobs = following
        await TURNS.wait()
        return await self.resolving.now(self._any_values(field, values, places))

    def _plain_values(self, field: FieldPlan, values: list[Any], places: Places) -> Any:
        """Complete values, or lists of values, that need no closer look; None where some do."""
        if field.list_depth > 1:
            return None
        present, classes = values, set(map(type, values))
        if _NULL in classes and not field.is_required:
            classes.discard(_NULL)
            present = [value for value in values if value is not None]
        children, lengths = present, None
        if field.list_depth:
            if not classes <= _LISTS:
                return None
            children = list(chain.from_iterable(present))
            lengths = lengths_of(values, present)
            classes = set(map(type, children))
        if not are_plain(classes, field.plain_types):
            return None
        done = self._children(field, children, classes, places.children(field, values, lengths, children))
        if type(done) is list:
            return self._column_of(field, values, lengths, children, done, places)
        return self.resolving.expect(self._column_later(field, values, lengths, children, done, places))

    def _any_values(self, field: FieldPlan, values: list[Any], places: Places) -> Any:
        """Complete prepared values of whatever kind."""
        children: list[Any] = []
        for value in values:
            collect_children(field.definition.type, value, children)
        classes = set(map(type, children))
        done = self._children(field, children, classes, places.children(field, values, None, children))
        if type(done) is list:
            return self.completion.column(field, values, done, places)
        return self.resolving.expect(self._any_later(field, values, done, places))

    async def _any_later(self, field: FieldPlan, values: list[Any], done: Any, places: Places) -> list[Any]:
        return self.completion.column(field, values, await self.resolving.begin(done), places)

    async def _column_later(
        self, field: FieldPlan, values: list[Any], lengths: Lengths, children: list[Any], done: Any, places: Places
    ) -> list[Any]:
        results = await self.resolving.begin(done)
        return self._column_of(field, values, lengths, children, results, places)

    def _column_of(
        self,
        field: FieldPlan,
        values: list[Any],
        lengths: Lengths,
        children: list[Any],
        done: list[Any],
        places: Places,
    ) -> list[Any]:
        """Return the completed values of a field from the completed children that they contain."""
        if self.completion.has_failed or self._host.has_stopped:
            return self.completion.column(field, as_read(values, lengths, children), done, places)
        if lengths is not None:
            return divide(done, lengths)
        if len(done) == len(values):
            return done
        rest = iter(done)
        return [None if value is None else next(rest) for value in values]

    def _children(self, field: FieldPlan, children: Sequence[Any], classes: set[type], places: Places) -> Any:
        """Return what the values of a field contain, completed."""
        if field.row_weight and field.list_depth:
            failure = self._host.spend(field.row_weight * len(children))
            if failure is not None:
                return self._refuse(field, places, failure, len(children))
        if field.leaf is not None:
            leaves = field.leaf.serialize(children, classes)
            return list(leaves) if leaves is not None else self.completion.leaves(field, children, places)
        if not children:
            return []
        if field.is_abstract:
            return self._types.of_abstract(field, children, places, self._typed)
        return self._types.checked(field, field.named_type, children, places, self._typed)

    def _refuse(self, field: FieldPlan | None, places: Places, failure: Exception, count: int) -> list[Any]:
        """Return that objects are too expensive; nobody sees their errors where the whole operation has ended."""
        if self._host.has_stopped:
            return [FAILED] * count
        return [self.completion.fail(field, path, failure) for path in places.paths()]

    def _typed(self, field: FieldPlan, object_type: Any, objects: Sequence[Any], places: Places) -> Any:
        return self.objects(self._compiler.plan_of(field, object_type), objects, places, field)

    def _rows(self, plan: ObjectPlan, code: RowCode, objects: Sequence[Any], places: Places, columns: Columns) -> Any:
        if len(objects) > plan.at_once and self.resolving.can_wait():
            return self.resolving.expect(self._rows_in_parts(plan, objects, places, columns))
        if plan.is_stored and (shared := shared_rows(plan, objects)) is not None:
            return shared
        slow = partial(self._slow_row, plan, code, objects, places, columns)
        values = [columns[field.index] for field in code.columns]
        return code.rows(objects, self._host.context_value, slow, *values)

    async def _rows_in_parts(self, plan: ObjectPlan, objects: Sequence[Any], places: Places, columns: Columns) -> Any:
        results: list[Any] = []
        at_once = plan.at_once
        for start in range(0, len(objects), at_once):
            part = slice(start, start + at_once)
            some = objects[part]
            their_places = places.some(range(start, start + len(some)))
            results += await self.resolving.now(
                self._resolve(plan, some, their_places, {index: column[part] for index, column in columns.items()})
            )
            await TURNS.wait()
        return results

    def _slow_row(
        self,
        plan: ObjectPlan,
        code: RowCode,
        objects: Sequence[Any],
        places: Places,
        columns: Columns,
        index: int,
        attributes: Sequence[Any] = (),
    ) -> Any:
        """Return the row of one object, field by field; `attributes` are those that were read, where all could be."""
        row: dict[str, Any] = {}
        read = {field.index: value for field, value in zip(code.attributes, attributes, strict=False)}
        own_place = places.some([index])
        for field in plan.fields:
            value = (
                columns[field.index][index]
                if field.index in columns
                else self._inline(field, objects[index], own_place, read)
            )
            if value is FAILED:
                self.resolving.close_all(read.values())
                return FAILED
            row[field.key] = value
        return row

    def _inline(self, field: FieldPlan, parent: Any, places: Places, read: dict[int, Any]) -> Any:
        is_read = field.index in read
        value = read.pop(field.index) if is_read else self.resolving.one(field, parent, places.fields(field)[0])
        completed = self.values(field, [value], places)
        if type(completed) is list:
            return completed[0]
        self.resolving.close_all((completed, *read.values()))
        raise NeedsColumn(field)
