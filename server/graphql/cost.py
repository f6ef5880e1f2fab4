"""Limits of an operation: text, depth, root fields and cost. Each check is linear in the operation's text.

The cost of a field is its weight plus its list size times the cost of what is selected below it. Both are declared on
the field (schema/costs.py) and read from the built schema; the lists of introspection have the lengths that they have
in the schema. An operation without lists costs 1 for each field. What the input of a mutation lists costs, too.

MAX_COST bounds an operation twice. Before it runs, it is weighed with the page sizes that it asks for and the usual
lengths of other lists, because their maximum is seldom reached. While it runs, the executor (schema/executor.py) counts
the same weights for every object that there is, and ends a query or a message of a subscription at MAX_COST. A mutation
has changed something by then: the lists of its payload are weighed with their maximum, so that its answer is complete
unless lists within those are far longer than usual. At MUTATION_ANSWER_FACTOR times MAX_COST, the rest of the answer is
null with errors.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from math import ceil
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    value_from_ast_untyped,
)
from msgspec import Struct, field

from domain.failures import QueryTooComplex
from schema.costs import DEFAULT_COST, RESOLVER_COST, DeclaredCost, declared_cost
from server.graphql.input_cost import INPUT_ITEM_COST, count_argument, count_variable, count_variables
from server.graphql.introspection import introspection_sizes

# All tokens with 26 characters each, blanks included; the lexer takes up to 1 µs for a character.
MAX_TEXT_LENGTH = 40_000
MAX_TOKENS = 1_500
# Of fragments, inline fragments included.
MAX_SPREADS = 200
MAX_DIRECTIVES = 200
# Variables that stand in the text: 190 that are declared and used take all tokens. Validation takes 50 µs for each.
MAX_VARIABLES = 400
# The same, times its operations: validation visits a fragment again for each operation.
MAX_VARIABLE_VISITS = 5_000
MAX_DEPTH = 15
MAX_ROOT_FIELDS = 30
# 200 ms of processor time at about 7 µs, the median over the fields of the schema.
MAX_COST = 30_000
# Of the answer to a mutation, while it runs: no ordinary lists reach that, and it bounds time and memory.
MUTATION_ANSWER_FACTOR = 5
# Validation compares every pair of selections that answer under one name: this bounds those pairs beforehand.
MAX_SAME_NAME_PAIRS = 12_000
_MAX_SHOWN = 1_000_000_000


class FieldCost(NamedTuple):
    """The declared cost of one field, the name of the type that it returns, and its list's length without arguments."""

    declared: DeclaredCost
    type_name: str
    default_size: float


# By the names of the type and of the field.
FieldCosts = Mapping[str, Mapping[str, FieldCost]]
# `__typename`: no type declares it.
_UNDECLARED = FieldCost(DeclaredCost(), "", 1)
_NO_FIELDS: Mapping[str, FieldCost] = {}
_MUTATION = "Mutation"


def read_field_costs(schema: GraphQLSchema) -> FieldCosts:
    """Return the costs of all fields of the schema, those of introspection included."""
    costs = {
        name: {field_name: _read_field_cost(definition) for field_name, definition in graphql_type.fields.items()}
        for name, graphql_type in schema.type_map.items()
        if isinstance(graphql_type, (GraphQLObjectType, GraphQLInterfaceType))
    }
    for (type_name, field_name), size in introspection_sizes(schema).items():
        # Most types have no such list: to find that out is most of what the field takes.
        declared = DeclaredCost(DEFAULT_COST if field_name == "ofType" else RESOLVER_COST)
        costs[type_name][field_name] = costs[type_name][field_name]._replace(declared=declared, default_size=size)
    costs["Query"]["__schema"] = FieldCost(DeclaredCost(), "__Schema", 1)
    costs["Query"]["__type"] = FieldCost(DeclaredCost(), "__Type", 1)
    return costs


def _read_field_cost(definition: GraphQLField) -> FieldCost:
    declared = declared_cost(definition)
    defaults = [definition.args[name].default_value for name in declared.slicing_arguments]
    size = next((default for default in defaults if isinstance(default, int)), declared.assumed_size)
    return FieldCost(declared, get_named_type(definition.type).name, size)


class Complexity(NamedTuple):
    """The depth of a selection without introspection, and its estimated cost."""

    depth: int
    cost: float


class _CostEstimator(Struct):
    """Estimates the selections of one document; each fragment once, however often it is spread."""

    costs: FieldCosts
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    # Of a mutation; empty for other operations.
    counted_variables: dict[str, Any]
    _fragment_complexities: dict[str, Complexity] = field(default_factory=dict)

    def estimate(self, selections: SelectionSetNode | None, type_name: str) -> Complexity:
        """Return the largest depth and the sum of the costs of what is selected of a type."""
        depth, cost = 0, 0.0
        for selection in selections.selections if selections else ():
            complexity = self._estimate_selection(selection, type_name)
            depth, cost = max(depth, complexity.depth), cost + complexity.cost
        return Complexity(depth, cost)

    def _estimate_selection(self, selection: Any, type_name: str) -> Complexity:
        if isinstance(selection, FieldNode):
            fields = self.costs.get(type_name, _NO_FIELDS)
            complexity = self._estimate_field(selection, fields.get(selection.name.value, _UNDECLARED))
            return self._with_input(complexity, selection) if type_name == _MUTATION else complexity
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            return self.estimate(selection.selection_set, condition.name.value if condition else type_name)
        return self._estimate_fragment(selection.name.value)

    def _estimate_field(self, node: FieldNode, field_cost: FieldCost) -> Complexity:
        declared, type_name, _ = field_cost
        if node.selection_set is None:
            return Complexity(1, declared.weight)
        inner = self.estimate(node.selection_set, type_name)
        # The standard query of introspection is deeper than MAX_DEPTH; validation limits the depth of its lists.
        depth = 1 if type_name.startswith("__") else inner.depth + 1
        # The size of a connection multiplies its total and its facets too: 200 nested totals are as expensive as rows.
        return Complexity(depth, declared.weight + self._list_size(node, field_cost) * inner.cost)

    def _with_input(self, complexity: Complexity, node: FieldNode) -> Complexity:
        """Return the complexity with the cost of what the arguments of a mutation list."""
        items = sum(count_argument(argument.value, self.counted_variables) for argument in node.arguments or ())
        return complexity._replace(cost=complexity.cost + items * INPUT_ITEM_COST)

    def _estimate_fragment(self, name: str) -> Complexity:
        known = self._fragment_complexities.get(name)
        if known is None:
            # Validation has rejected fragments that contain themselves; this entry ends the recursion all the same.
            self._fragment_complexities[name] = Complexity(0, 0)
            fragment = self.fragments.get(name)
            if fragment is None:
                return Complexity(0, 0)
            known = self.estimate(fragment.selection_set, fragment.type_condition.name.value)
            self._fragment_complexities[name] = known
        return known

    def _list_size(self, node: FieldNode, field_cost: FieldCost) -> float:
        """Return the number of objects that a field is taken to return."""
        slicing = field_cost.declared.slicing_arguments
        slices = [a.value for a in node.arguments or () if a.name.value in slicing] if slicing else ()
        return max((self._slice_size(value, field_cost) for value in slices), default=field_cost.default_size)

    def _slice_size(self, value: ValueNode, field_cost: FieldCost) -> float:
        """Return the requested number; the largest where it is invalid, which the resolver rejects later."""
        maximum = field_cost.declared.maximum_size
        size: Any = None
        if isinstance(value, IntValueNode):
            size = int(value.value)
        elif isinstance(value, ListValueNode):
            return min(len(value.values), maximum)
        elif isinstance(value, VariableNode):
            given = self.variables.get(value.name.value)
            if given is None:
                return field_cost.default_size
            if isinstance(given, list):
                return min(len(given), maximum)
            size = given
        return size if type(size) is int and 0 < size <= maximum else maximum


def check_same_name_pairs(document: DocumentNode) -> None:
    """Raise QueryTooComplex where validation itself would be expensive; reads the syntax alone."""
    names = Counter(node.alias.value if node.alias else node.name.value for node in _field_nodes(document))
    if sum(count * count for count in names.values() if count > 1) > MAX_SAME_NAME_PAIRS:
        raise QueryTooComplex("This operation selects the same names too often.")


def check_cost(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any], costs: FieldCosts
) -> int:
    """Return the cost of an operation; raise QueryTooComplex where cost, depth or root fields exceed their limits."""
    if sum(1 for _ in _root_fields(operation.selection_set, fragments_of(document), set())) > MAX_ROOT_FIELDS:
        raise QueryTooComplex(f"An operation may have at most {MAX_ROOT_FIELDS} fields at its root.")
    complexity = estimate_complexity(document, operation, variables, costs)
    if complexity.depth > MAX_DEPTH:
        raise QueryTooComplex(f"This operation is {complexity.depth} levels deep; {MAX_DEPTH} are allowed.")
    cost = ceil(complexity.cost)
    if cost > MAX_COST:
        raise QueryTooComplex(
            f"This operation costs {min(cost, _MAX_SHOWN):,}{'' if cost <= _MAX_SHOWN else ' or more'}; "
            f"{MAX_COST:,} are allowed: ask for smaller pages or for fewer relations."
        )
    return cost


class SizeVariables(NamedTuple):
    """The names of the variables on whose sizes a cost depends, and the function that returns such a size."""

    names: tuple[str, ...]
    size: Callable[[Any], Any]


def find_size_variables(document: DocumentNode) -> SizeVariables:
    """Return the variables that are the value of a whole argument; all of them in a document with a mutation."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if any(each.operation is OperationType.MUTATION for each in operations):
        declared = (variable for each in operations for variable in each.variable_definitions or ())
        return SizeVariables(tuple(sorted({each.variable.name.value for each in declared})), _input_size)
    values = (argument.value for node in _field_nodes(document) for argument in node.arguments or ())
    return SizeVariables(tuple(sorted({each.name.value for each in values if isinstance(each, VariableNode)})), _size)


def _input_size(value: Any) -> Any:
    """Return what the cost of a mutation depends on: a number, or the items of all lists."""
    return count_variable(value) if isinstance(value, (list, dict)) else _size(value)


def _size(value: Any) -> Any:
    """Return what the cost depends on: a number, the length of a list; any other value is invalid."""
    if isinstance(value, list):
        return len(value)
    return value if value is None or type(value) is int else "invalid"


def root_field_names(document: DocumentNode, operation: OperationDefinitionNode) -> frozenset[str]:
    """Return the names of the fields that an operation selects at its root."""
    return frozenset(node.name.value for node in _root_fields(operation.selection_set, fragments_of(document), set()))


def estimate_complexity(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any], costs: FieldCosts
) -> Complexity:
    """Return the depth and the cost of an operation."""
    root_type = operation.operation.value.capitalize()
    values = {**_default_values(operation), **variables}
    counted = count_variables(values) if root_type == _MUTATION else {}
    return _CostEstimator(costs, fragments_of(document), values, counted).estimate(operation.selection_set, root_type)


def _default_values(operation: OperationDefinitionNode) -> dict[str, Any]:
    definitions = operation.variable_definitions or ()
    defaults = {each.variable.name.value: each.default_value for each in definitions if each.default_value}
    return {name: value_from_ast_untyped(value) for name, value in defaults.items()}


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """Return the fragments of a document by their names."""
    return {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}


def _field_nodes(document: DocumentNode) -> Iterator[FieldNode]:
    """Yield every field of the text once, those of fragments included."""
    waiting: list[Any] = [getattr(definition, "selection_set", None) for definition in document.definitions]
    while waiting:
        selections = waiting.pop()
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                yield selection
            waiting.append(getattr(selection, "selection_set", None))


def _root_fields(
    selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], seen: set[str]
) -> Iterator[FieldNode]:
    """Yield the root fields, those of fragments included, each fragment once."""
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _root_fields(selection.selection_set, fragments, seen)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
            seen.add(selection.name.value)
            fragment = fragments.get(selection.name.value)
            if fragment is not None:
                yield from _root_fields(fragment.selection_set, fragments, seen)
