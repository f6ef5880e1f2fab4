"""The plans of a schema's operations, bounded by the memory that they take."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode

from execution.compiler import Compiler
from execution.plan import ObjectPlan
from execution.survey import Survey, survey

MAX_PLAN_BYTES = 32 * 1024 * 1024
# Measured, again by a test: what a plan takes besides its fields, and a field with its part of the generated code.
_OPERATION_BYTES, _PLAN_BYTES, _FIELD_BYTES = 1_000, 4_000, 2_500
# A token of a document with its nodes.
_TOKEN_BYTES = 600
_CACHE = "_compiled_plans"


@dataclass(slots=True)
class CompiledPlan:
    """The plan of an operation under one set of conditions; its compiler compiles the rest when it is needed."""

    compiler: Compiler
    root: ObjectPlan
    counted_fields: int = 0

    @property
    def has_grown(self) -> bool:
        """Whether more of it was compiled than the cache has counted."""
        return self.compiler.fields != self.counted_fields


@dataclass(slots=True)
class OperationPlans:
    """What is known of one operation of a document: its plans, by the values of its conditions."""

    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    survey: Survey
    document_bytes: int
    plans: dict[Hashable, CompiledPlan] = field(default_factory=dict)
    counted_bytes: int = 0

    def bytes(self) -> int:
        """Return an upper bound of the memory that the plans take now, with the document that they refer to."""
        # Another thread may add a plan meanwhile.
        fields = sum(plan.compiler.fields for plan in list(self.plans.values()))
        return self.document_bytes + _OPERATION_BYTES + _PLAN_BYTES * len(self.plans) + _FIELD_BYTES * fields


class PlanCache:
    """The plans of one schema, by operation; those of the least recently used are forgotten first.

    An operation is known by its identity, because two documents of the same text may differ after a transformation.
    Its entry refers to it, so its id is not used again. Threads that execute operations at the same time share it.
    """

    def __init__(self, max_bytes: int = MAX_PLAN_BYTES) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._operations: OrderedDict[int, OperationPlans] = OrderedDict()
        self._lock = Lock()

    def plans_of(
        self, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> OperationPlans:
        """Return what is known of an operation; it is surveyed at the first time.

        A document may join the operation with other fragments than before. Equal ones are the same nodes.
        """
        plans = self._operations.get(id(operation))
        if plans is None or plans.fragments != fragments:
            plans = OperationPlans(operation, fragments, survey(operation, fragments), _document_bytes(operation))
            self._add(plans)
            self.count(plans)
            return plans
        try:
            self._operations.move_to_end(id(operation))
        except KeyError:
            # Another thread has forgotten it meanwhile; it can be executed nevertheless.
            return plans
        return plans

    def _add(self, plans: OperationPlans) -> None:
        with self._lock:
            replaced = self._operations.pop(id(plans.operation), None)
            if replaced is not None:
                self.bytes -= replaced.counted_bytes
            self._operations[id(plans.operation)] = plans

    def count(self, plans: OperationPlans) -> None:
        """Count what was compiled since; forget other operations where all take too much together."""
        with self._lock:
            if self._operations.get(id(plans.operation)) is not plans:
                return
            size = plans.bytes()
            self.bytes += size - plans.counted_bytes
            plans.counted_bytes = size
            for plan in list(plans.plans.values()):
                plan.counted_fields = plan.compiler.fields
            while self.bytes > self.max_bytes:
                _, dropped = self._operations.popitem(last=False)
                self.bytes -= dropped.counted_bytes

    def __len__(self) -> int:
        """Return the number of operations."""
        return len(self._operations)


def plan_cache(schema: GraphQLSchema) -> PlanCache:
    """Return the cache of a schema.

    It is no entry of the schema's extensions: a schema that is made from this one shares those.
    """
    attributes: dict[str, Any] = vars(schema)
    cache: PlanCache | None = attributes.get(_CACHE)
    if cache is None:
        cache = attributes[_CACHE] = PlanCache()
    return cache


def _document_bytes(node: Any) -> int:
    """Return an upper bound of the memory of the document that a node belongs to."""
    count, token = 0, node.loc.start_token if node.loc else None
    while token is not None and token.prev is not None:
        token = token.prev
    while token is not None:
        count, token = count + 1, token.next
    return count * _TOKEN_BYTES
