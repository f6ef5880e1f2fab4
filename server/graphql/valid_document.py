"""A document that passed validation, and those of its operations that were requested."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from graphql import DocumentNode

from server.graphql.cost import SizeVariables, find_size_variables

# Different page sizes of one document: more are prepared again.
_MAX_OPERATIONS = 20
# A prepared operation with the names of its root fields, and each size in its key.
_OPERATION_BYTES, _SIZE_BYTES = 900, 48
# A variable of an operation, or a fragment, in what its executors share.
_PART_BYTES = 200

PreparedOperation = TypeVar("PreparedOperation")


@dataclass(frozen=True, slots=True)
class ValidDocument(Generic[PreparedOperation]):
    """A cached document, and its operations by their names and by the variables on which their costs depend."""

    document: DocumentNode
    _operations: dict[tuple[Any, ...], PreparedOperation] = field(default_factory=dict)
    _sized_by: SizeVariables = field(init=False)

    def __post_init__(self) -> None:
        """Find the variables on which a cost depends."""
        object.__setattr__(self, "_sized_by", find_size_variables(self.document))

    def operations_bytes(self) -> int:
        """Return an upper bound of the memory of the operations that this document may remember."""
        definitions = self.document.definitions
        variables = sum(len(getattr(each, "variable_definitions", None) or ()) for each in definitions)
        parts = _PART_BYTES * (len(definitions) + variables)
        return _MAX_OPERATIONS * (_OPERATION_BYTES + _SIZE_BYTES * len(self._sized_by.names) + parts)

    def prepare(
        self, name: str | None, variables: Mapping[str, Any], prepare: Callable[[], PreparedOperation]
    ) -> PreparedOperation:
        """Return the operation, prepared once for the same sizes; raise what `prepare` raises."""
        names, size = self._sized_by
        key = (name, *[size(variables.get(variable)) for variable in names])
        operation = self._operations.get(key)
        if operation is None:
            operation = prepare()
            if len(self._operations) < _MAX_OPERATIONS:
                self._operations[key] = operation
        return operation
