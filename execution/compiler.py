"""Compiles an operation into a plan, one selection set at a time, when it is first executed."""

from collections.abc import Callable, Mapping, Sequence
from keyword import iskeyword
from threading import Lock
from typing import Any

from graphql import (
    ArgumentNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    TypeNameMetaFieldDef,
    ValueNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    specified_scalar_types,
)
from graphql.execution.collect_fields import collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.field import StrawberryField

from execution.leaves import find_leaf
from execution.metadata import field_execution, strawberry_field
from execution.plan import FieldPlan, ObjectPlan
from execution.row_code import build_rows

# `weigh(field)`: the cost of a field of an object, and of each row of the list that it holds.
Weigh = Callable[[GraphQLField | None], tuple[int, int]]


# Plans are shared by threads.
_MOVING = Lock()


def weigh_nothing(_field: GraphQLField | None) -> tuple[int, int]:
    """Return no costs."""
    return 0, 0


class Compiler:
    """Compiles the selection sets of one operation under one set of conditions of @include and @skip."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, Any],
        conditions: VariableValues,
        weigh: Weigh = weigh_nothing,
    ) -> None:
        self._schema, self._operation, self._weigh = schema, operation, weigh
        self._fragments: Any = fragments
        self._conditions = conditions
        # The number of fields compiled so far, of which the cache estimates the size.
        self.fields = 0

    def compile_root(self) -> ObjectPlan:
        """Return the plan of the operation's root type."""
        root_type: Any = self._schema.get_root_type(self._operation.operation)
        collected = collect_fields(self._schema, self._fragments, self._conditions, root_type, self._operation)
        plan = self._compile_object(root_type, collected.grouped_field_set)
        if self._operation.operation is OperationType.MUTATION:
            # Each field ends before the next begins, and a required one that fails is the last.
            for field in plan.fields:
                field.is_inline = field.is_inline and field.definition.resolve is TypeNameMetaFieldDef.resolve
            _finish(plan)
        return plan

    def plan_of(self, field: FieldPlan, object_type: GraphQLObjectType) -> ObjectPlan:
        """Return the plan of the objects of one type that a field returns; it is compiled once."""
        plan = field.plans.get(object_type.name)
        if plan is None:
            details: Any = field.details
            collected = collect_subfields(
                self._schema, self._fragments, self._conditions, self._operation, object_type, details
            )
            plan = field.plans[object_type.name] = self._compile_object(object_type, collected.grouped_field_set)
        return plan

    def move_to_column(self, plan: ObjectPlan, field: FieldPlan) -> None:
        """Resolve a field as a column from now on: its values are not what the code of the rows can read."""
        with _MOVING:
            field.is_inline = False
            _finish(plan)

    def _compile_object(self, object_type: GraphQLObjectType, grouped: Mapping[str, Sequence[Any]]) -> ObjectPlan:
        fields: list[FieldPlan] = []
        weight = 0
        for key, details in grouped.items():
            definition = self._schema.get_field(object_type, details[0].node.name.value)
            weight += self._weigh(object_type.fields.get(details[0].node.name.value))[0]
            if definition is not None:
                fields.append(self._compile_field(len(fields), key, object_type, definition, details))
        self.fields += len(fields)
        plan = ObjectPlan(object_type, fields, weight)
        _finish(plan)
        return plan

    def _compile_field(
        self, index: int, key: str, parent_type: GraphQLObjectType, definition: GraphQLField, details: Sequence[Any]
    ) -> FieldPlan:
        named_type = get_named_type(definition.type)
        leaf = find_leaf(named_type) if is_leaf_type(named_type) else None
        field = FieldPlan(
            index,
            key,
            parent_type,
            definition,
            details,
            [each.node for each in details],
            field_execution(definition),
            named_type,
            leaf,
            row_weight=self._weigh(parent_type.fields.get(details[0].node.name.value))[1],
            attribute=_attribute(definition),
            list_depth=_list_depth(definition.type),
            is_required=is_non_null_type(definition.type),
            is_abstract=is_abstract_type(named_type),
            has_constant_arguments=_has_constant_arguments(definition, details[0].node.arguments or ()),
        )
        field.is_inline = _can_be_inline(field) or self._embed(field)
        if field.execution.takes_projection:
            field.projection = self._projection(field)
        return field

    def _embed(self, field: FieldPlan) -> bool:
        """Return whether the rows of a list of embedded objects can be built with those of their parents."""
        named_type: Any = field.named_type
        is_simple = field.list_depth == 1 and isinstance(named_type, GraphQLObjectType) and not named_type.is_type_of
        if field.execution.embedded is None or field.execution.guard is not None or not is_simple:
            return False
        if field.definition.args or field.nodes[0].arguments:
            return False
        plan = self.plan_of(field, named_type)
        if plan.code.columns:
            return False
        field.embedded_plan = plan
        return True

    def _projection(self, field: FieldPlan) -> frozenset[str] | None:
        """Return the stored keys that are needed of the objects that a field returns; None for all."""
        keys: set[str] = set()
        named_type: Any = field.named_type
        types = self._schema.get_possible_types(named_type) if is_abstract_type(named_type) else [named_type]
        for object_type in types:
            for below in self.plan_of(field, object_type).fields:
                needed = self._needed_keys(below)
                if needed is None:
                    return None
                keys |= needed
        return frozenset(keys)

    def _needed_keys(self, field: FieldPlan) -> frozenset[str] | None:
        """Return the keys that a field needs of the mapping that was read for its parent."""
        execution = field.execution
        if execution.same_read:
            return self._projection(field)
        if execution.stored is not None:
            return frozenset([execution.stored.key])
        return frozenset() if field.definition.resolve is TypeNameMetaFieldDef.resolve else execution.reads


# The time to compute a field within the code of a row, and the rows of a list in it, in fields that are only read.
_COMPUTED_WIDTH, _EMBEDDED_ROWS = 25, 3
# The rows of longer levels, or of wide ones, are built in parts, between which other operations have their turn.
_ROWS_AT_ONCE, _VALUES_AT_ONCE = 1_000, 5_000


def _finish(plan: ObjectPlan) -> None:
    plan.embedded = [field for field in plan.fields if field.is_inline and field.embedded_plan is not None]
    plan.width = sum(map(_width, plan.fields))
    plan.at_once = max(1, min(_ROWS_AT_ONCE, _VALUES_AT_ONCE // max(1, plan.width)))
    plan.is_stored = all(
        field.is_inline and (field.execution.stored or field.definition.resolve is TypeNameMetaFieldDef.resolve)
        for field in plan.fields
    )
    plan.code = build_rows(plan)


def _width(field: FieldPlan) -> int:
    if field.is_inline and field.embedded_plan is not None:
        return _EMBEDDED_ROWS * field.embedded_plan.width
    return _COMPUTED_WIDTH if field.is_inline and field.execution.each else 1


def _attribute(definition: GraphQLField) -> str | None:
    """Return the attribute that a field without resolver reads; None where it is read in any other way."""
    field = strawberry_field(definition)
    resolve = definition.resolve
    if not isinstance(field, StrawberryField) or not getattr(resolve, "_is_default", False):
        return None
    is_plain = field.is_basic_field and not definition.args and type(field).get_result is StrawberryField.get_result
    name: str = field.python_name or ""
    is_name = name.isidentifier() and not iskeyword(name)
    return name if is_plain and field.default_resolver is getattr and is_name else None


def _can_be_inline(field: FieldPlan) -> bool:
    """Return whether the code of the rows can read a field: stored, computed, a simple attribute, or __typename."""
    execution, leaf, definition = field.execution, field.leaf, field.definition
    if leaf is None or execution.guard is not None or execution.batch is not None:
        return False
    if execution.each is not None:
        has_arguments = definition.args or field.nodes[0].arguments or execution.arguments or execution.takes_projection
        return execution.is_synchronous and field.list_depth == 0 and not has_arguments
    if execution.stored is not None or definition.resolve is TypeNameMetaFieldDef.resolve:
        return True
    return field.attribute is not None and field.list_depth == 0 and bool(leaf.unexpected or leaf.names)


def _has_constant_arguments(definition: GraphQLField, nodes: Sequence[ArgumentNode]) -> bool:
    """Return whether arguments mean the same in every execution; defaults always do."""
    if any(_has_variable(each.value) for each in nodes):
        return False
    given = [definition.args[each.name.value] for each in nodes if each.name.value in definition.args]
    return all(_is_constant_input(argument.type, set()) for argument in given)


def _is_constant_input(input_type: Any, known: set[str]) -> bool:
    """Return whether literals mean the same at any time: to a scalar of the schema's own, "today" may be one.

    `known` are the names of the input objects that were seen.
    """
    named_type: Any = get_named_type(input_type)
    if is_input_object_type(named_type):
        if named_type.name in known:
            return True
        known.add(named_type.name)
        return all(_is_constant_input(field.type, known) for field in named_type.fields.values())
    definition = named_type.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    is_built_in = any(definition is each for each in DEFAULT_SCALAR_REGISTRY.values())
    return (
        is_built_in or is_enum_type(named_type) or any(named_type is each for each in specified_scalar_types.values())
    )


def _has_variable(value: ValueNode) -> bool:
    if isinstance(value, ListValueNode):
        return any(map(_has_variable, value.values))
    if isinstance(value, ObjectValueNode):
        return any(_has_variable(field.value) for field in value.fields)
    return isinstance(value, VariableNode)


def _list_depth(value_type: Any) -> int:
    depth = 0
    while value_type is not get_named_type(value_type):
        depth += is_list_type(value_type)
        value_type = value_type.of_type
    return depth
