"""What an operation may ask for: limits on its text, its depth and its estimated cost, all linear in its size."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from domain.failures import QueryTooComplex

MAX_TEXT_LENGTH = 100_000
MAX_TOKENS = 2_000
MAX_DEPTH = 15
MAX_ROOT_FIELDS = 30
MAX_COST = 250_000
# Validation compares every pair of selections that answer under one name: this bounds those pairs beforehand.
MAX_SAME_NAME_PAIRS = 12_000
_DEFAULT_PAGE_SIZE, _MAX_PAGE_SIZE, _MAX_IDS = 25, 200, 200
# What a list without `first` is taken to hold: lines, entitlements, assignments of one parent.
_ASSUMED_LIST_SIZES = {
    "subscriptions": 4,
    "trials": 2,
    "statusDetails": 3,
    "assignments": 4,
    "licenses": 4,
    "entitlements": 2,
    "customerViews": 20,
    "licenseTrend": 52,
    "usersByUsageTrend": 52,
    "qualityTrend": 52,
    "qualityByEndpoint": 4,
    "featureUse": 9,
    "features": 9,
}
_CONNECTION_FIELDS = frozenset({"nodes", "edges"})
# Lists that are answered by the page where the client does not say how large.
_PAGED_LISTS = frozenset(
    {
        *("customers", "orders", "invoices", "resources", "helpdeskRequests", "activity"),
        *("customersByUsage", "customersByQuality", "customersByQueue"),
    }
)


class Complexity(NamedTuple):
    """How deep a selection goes, and how many fields it is taken to answer."""

    depth: int
    cost: int


@dataclass(slots=True)
class _CostEstimator:
    """Weighs the selections of one document; each fragment is weighed once, however often it is spread."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    _fragments_estimated: dict[str, Complexity] = field(default_factory=dict)

    def estimate(self, selections: SelectionSetNode | None) -> Complexity:
        """The deepest depth and the sum of costs of what is selected."""
        depth = cost = 0
        for selection in selections.selections if selections else ():
            complexity = self._estimate_selection(selection)
            depth, cost = max(depth, complexity.depth), cost + complexity.cost
        return Complexity(depth, cost)

    def _estimate_selection(self, selection: Any) -> Complexity:
        if isinstance(selection, FieldNode):
            inner = self.estimate(selection.selection_set)
            return Complexity(inner.depth + 1, 1 + self._list_size(selection) * inner.cost)
        if isinstance(selection, InlineFragmentNode):
            return self.estimate(selection.selection_set)
        return self._estimate_fragment(selection.name.value)

    def _estimate_fragment(self, name: str) -> Complexity:
        known = self._fragments_estimated.get(name)
        if known is None:
            # Validation has refused fragments that contain themselves; an entry stops us here all the same.
            self._fragments_estimated[name] = Complexity(0, 0)
            fragment = self.fragments.get(name)
            known = self._fragments_estimated[name] = self.estimate(fragment.selection_set if fragment else None)
        return known

    def _list_size(self, node: FieldNode) -> int:
        """How many objects stand behind a field."""
        name = node.name.value
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        sizes = [self._page_size(given[key]) for key in ("first", "last") if key in given]
        if sizes:
            return max(sizes)
        if name == "nodes" and "ids" in given:
            return _MAX_IDS
        if name in _PAGED_LISTS or _is_connection(node):
            return _DEFAULT_PAGE_SIZE
        return _ASSUMED_LIST_SIZES.get(name, 1)

    def _page_size(self, value: Any) -> int:
        """A page's size; what cannot be one is refused by its resolver later and weighs like the largest here."""
        number: Any = None
        if isinstance(value, IntValueNode):
            number = int(value.value)
        elif isinstance(value, VariableNode):
            number = self.variables.get(value.name.value)
            number = _DEFAULT_PAGE_SIZE if number is None else number
        return number if isinstance(number, int) and 0 < number <= _MAX_PAGE_SIZE else _MAX_PAGE_SIZE


def _is_connection(node: FieldNode) -> bool:
    """Whether rows are selected below it: some names stand for a plain list in one type, for pages in another."""
    below = node.selection_set.selections if node.selection_set else ()
    return any(isinstance(one, FieldNode) and one.name.value in _CONNECTION_FIELDS for one in below)


def check_same_name_pairs(document: DocumentNode) -> None:
    """Refuses what would make validation itself expensive; reads the syntax alone."""
    names = Counter(node.alias.value if node.alias else node.name.value for node in _field_nodes(document))
    if sum(count * count for count in names.values() if count > 1) > MAX_SAME_NAME_PAIRS:
        raise QueryTooComplex("This operation selects the same names too often.")


def check_cost(document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> None:
    """Refuses an operation that is too deep, too wide at its root, or would answer too much."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    if sum(1 for _ in _root_fields(operation.selection_set, fragments, set())) > MAX_ROOT_FIELDS:
        raise QueryTooComplex(f"An operation may have at most {MAX_ROOT_FIELDS} fields at its root.")
    complexity = _CostEstimator(fragments, variables).estimate(_without_introspection(operation.selection_set))
    if complexity.depth > MAX_DEPTH:
        raise QueryTooComplex(f"This operation is {complexity.depth} levels deep; {MAX_DEPTH} are allowed.")
    if complexity.cost > MAX_COST:
        raise QueryTooComplex(f"This operation may answer more than {MAX_COST:,} fields: ask for smaller pages.")


def _without_introspection(selections: SelectionSetNode) -> SelectionSetNode:
    """graphql-core has a rule of its own for introspection, whose standard query is deeper than ours may be."""
    kept = [s for s in selections.selections if not (isinstance(s, FieldNode) and s.name.value.startswith("__"))]
    return SelectionSetNode(selections=tuple(kept))


def _field_nodes(document: DocumentNode) -> Iterator[FieldNode]:
    """Every field in the text, fragments included, each once."""
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
    """The fields at the root, through its fragments, each fragment once."""
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
