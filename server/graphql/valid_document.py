"""A document that passed validation, and what is known of its operations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode

from server.graphql.cost import FieldCosts, check_cost, root_field_names, size_variables
from server.graphql.kept_fields import may_be_kept

# Different page sizes of one document: more are estimated again.
_MAX_COSTS = 20
# An entry of the costs, and each size in its key.
_COST_BYTES, _SIZE_BYTES = 250, 48


@dataclass(frozen=True, slots=True)
class ValidDocument:
    """A cached document, and the costs and root fields of those of its operations that were requested."""

    document: DocumentNode
    _root_fields: dict[str, frozenset[str]] = field(default_factory=dict)
    _kept: dict[str, bool] = field(default_factory=dict)
    _size_variables: list[tuple[str, ...]] = field(default_factory=list)
    _costs: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def root_fields(self, definition: OperationDefinitionNode) -> frozenset[str]:
        """Return the names of the operation's root fields, computed once."""
        name = definition.name.value if definition.name else ""
        if name not in self._root_fields:
            self._root_fields[name] = root_field_names(self.document, definition)
        return self._root_fields[name]

    def may_be_kept(self, definition: OperationDefinitionNode, schema: GraphQLSchema) -> bool:
        """Return whether the operation's response may be kept, computed once."""
        name = definition.name.value if definition.name else ""
        if name not in self._kept:
            self._kept[name] = may_be_kept(schema, self.document, definition)
        return self._kept[name]

    def costs_bytes(self) -> int:
        """Return an upper bound of the memory of the costs that this document may remember."""
        return _MAX_COSTS * (_COST_BYTES + _SIZE_BYTES * len(self._sized()))

    def _sized(self) -> tuple[str, ...]:
        """Return the variables on which a cost depends, computed once."""
        if not self._size_variables:
            self._size_variables.append(size_variables(self.document))
        return self._size_variables[0]

    def cost(self, definition: OperationDefinitionNode, variables: Mapping[str, Any], costs: FieldCosts) -> int:
        """Return the operation's cost, computed once for the same sizes; raise QueryTooComplex."""
        sizes = (_size(variables.get(name)) for name in self._sized())
        key = (definition.name.value if definition.name else "", *sizes)
        cost = self._costs.get(key)
        if cost is None:
            cost = check_cost(self.document, definition, variables, costs)
            if len(self._costs) < _MAX_COSTS:
                self._costs[key] = cost
        return cost


def _size(value: Any) -> Any:
    """Return what the cost depends on: a number, the length of a list; any other value is invalid."""
    if isinstance(value, list):
        return len(value)
    return value if value is None or type(value) is int else "invalid"
