"""Limits of an operation: text, depth, root fields and estimated cost. Each check is linear in the operation's text.

The cost of a field is its weight plus its list size times the cost of what is selected below it. Both are declared on
the field (schema/costs.py) and read from the built schema. An operation without lists costs 1 for each field.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

from domain.failures import QueryTooComplex
from domain.paging import MAX_PAGE_SIZE
from schema.costs import DeclaredCost, declared_cost

MAX_TEXT_LENGTH = 100_000
MAX_TOKENS = 2_000
MAX_DEPTH = 15
MAX_ROOT_FIELDS = 30
MAX_COST = 250_000
# Validation compares every pair of selections that answer under one name: this bounds those pairs beforehand.
MAX_SAME_NAME_PAIRS = 12_000


class FieldCost(NamedTuple):
    """The declared cost of one field, and the name of the type that it returns."""

    declared: DeclaredCost
    type_name: str


# By the names of the type and of the field.
FieldCosts = Mapping[str, Mapping[str, FieldCost]]
# `__typename` and introspection inside a fragment: no type of ours declares them.
_UNDECLARED = FieldCost(DeclaredCost(), "")
_NO_FIELDS: Mapping[str, FieldCost] = {}


def read_field_costs(schema: GraphQLSchema) -> FieldCosts:
    """Return the declared costs of all fields of the schema."""
    return {
        name: {
            field_name: FieldCost(declared_cost(definition), get_named_type(definition.type).name)
            for field_name, definition in getattr(graphql_type, "fields", {}).items()
        }
        for name, graphql_type in schema.type_map.items()
        if is_composite_type(graphql_type)
    }


class Complexity(NamedTuple):
    """The depth of a selection, and its estimated cost."""

    depth: int
    cost: int


@dataclass(slots=True)
class _CostEstimator:
    """Estimates the selections of one document; each fragment once, however often it is spread."""

    costs: FieldCosts
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    _fragment_complexities: dict[str, Complexity] = field(default_factory=dict)

    def estimate(self, selections: SelectionSetNode | None, type_name: str) -> Complexity:
        """Return the largest depth and the sum of the costs of what is selected of a type."""
        depth = cost = 0
        for selection in selections.selections if selections else ():
            complexity = self._estimate_selection(selection, type_name)
            depth, cost = max(depth, complexity.depth), cost + complexity.cost
        return Complexity(depth, cost)

    def _estimate_selection(self, selection: Any, type_name: str) -> Complexity:
        if isinstance(selection, FieldNode):
            fields = self.costs.get(type_name, _NO_FIELDS)
            return self._estimate_field(selection, fields.get(selection.name.value, _UNDECLARED))
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            return self.estimate(selection.selection_set, condition.name.value if condition else type_name)
        return self._estimate_fragment(selection.name.value)

    def _estimate_field(self, node: FieldNode, field_cost: FieldCost) -> Complexity:
        declared, type_name = field_cost
        if node.selection_set is None:
            return Complexity(1, declared.weight)
        inner = self.estimate(node.selection_set, type_name)
        # The size of a connection multiplies its total and its facets too: 200 nested totals are as expensive as rows.
        return Complexity(inner.depth + 1, declared.weight + self._list_size(node, declared) * inner.cost)

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

    def _list_size(self, node: FieldNode, declared: DeclaredCost) -> int:
        """Return the number of objects that a field is taken to return."""
        if not declared.slicing_arguments:
            return declared.assumed_size
        slices = [a.value for a in node.arguments or () if a.name.value in declared.slicing_arguments]
        return max((self._slice_size(value, declared) for value in slices), default=declared.assumed_size)

    def _slice_size(self, value: ValueNode, declared: DeclaredCost) -> int:
        """Return the requested page size; the largest where it is invalid, which the resolver rejects later."""
        size: Any = None
        if isinstance(value, IntValueNode):
            size = int(value.value)
        elif isinstance(value, VariableNode):
            size = self.variables.get(value.name.value)
            size = declared.assumed_size if size is None else size
        return size if isinstance(size, int) and 0 < size <= MAX_PAGE_SIZE else MAX_PAGE_SIZE


def check_same_name_pairs(document: DocumentNode) -> None:
    """Raise QueryTooComplex where validation itself would be expensive; reads the syntax alone."""
    names = Counter(node.alias.value if node.alias else node.name.value for node in _field_nodes(document))
    if sum(count * count for count in names.values() if count > 1) > MAX_SAME_NAME_PAIRS:
        raise QueryTooComplex("This operation selects the same names too often.")


def check_cost(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any], costs: FieldCosts
) -> int:
    """Return the cost of an operation; raise QueryTooComplex where cost, depth or root fields exceed their limits."""
    if sum(1 for _ in _root_fields(operation.selection_set, _fragments(document), set())) > MAX_ROOT_FIELDS:
        raise QueryTooComplex(f"An operation may have at most {MAX_ROOT_FIELDS} fields at its root.")
    complexity = estimate_complexity(document, operation, variables, costs)
    if complexity.depth > MAX_DEPTH:
        raise QueryTooComplex(f"This operation is {complexity.depth} levels deep; {MAX_DEPTH} are allowed.")
    if complexity.cost > MAX_COST:
        raise QueryTooComplex(f"This operation may answer more than {MAX_COST:,} fields: ask for smaller pages.")
    return complexity.cost


def root_field_names(document: DocumentNode, operation: OperationDefinitionNode) -> frozenset[str]:
    """Return the names of the fields that an operation selects at its root."""
    return frozenset(node.name.value for node in _root_fields(operation.selection_set, _fragments(document), set()))


def estimate_complexity(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any], costs: FieldCosts
) -> Complexity:
    """Return the depth and the cost of an operation, without its introspection."""
    selections = _without_introspection(operation.selection_set)
    root_type = operation.operation.value.capitalize()
    return _CostEstimator(costs, _fragments(document), variables).estimate(selections, root_type)


def _fragments(document: DocumentNode) -> Mapping[str, FragmentDefinitionNode]:
    return {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}


def _without_introspection(selections: SelectionSetNode) -> SelectionSetNode:
    """Leave out introspection: its standard query is deeper than MAX_DEPTH, and graphql-core limits it itself."""
    kept = [s for s in selections.selections if not (isinstance(s, FieldNode) and s.name.value.startswith("__"))]
    return SelectionSetNode(selections=tuple(kept))


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
