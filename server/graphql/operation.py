"""A valid operation, and its executors, which are built from what is the same for every request of it.

graphql-core looks through the document and finds the types of its variables for each request: a third of what an
operation takes besides its fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    default_field_resolver,
    default_type_resolver,
    parse,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues
from strawberry.execution import optimized_is_awaitable

from execution.variables import Signatures, coerce_variables, read_signatures
from resolvers.context import Context
from schema.executor import OperationExecutor
from server.graphql.cost import MAX_COST, MUTATION_ANSWER_FACTOR, fragments_of

# The same test as graphql-core's, faster for plain values.
_is_awaitable: Any = optimized_is_awaitable
_MAX_VARIABLE_ERRORS = 20
_INTROSPECTION = frozenset({"__schema", "__type", "__typename"})


class ExecutorParts(NamedTuple):
    """What the executors of one operation share; `signatures` are None where graphql-core builds each executor.

    Others are copies of `prototype`, the executor of another operation of the schema.
    """

    prototype: OperationExecutor
    definition: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    fragment_details: dict[str, FragmentDetails]
    signatures: Signatures | None

    def build_executor(self, values: VariableValues, context: Context | None) -> OperationExecutor:
        """Return a new executor."""
        executor = self.prototype.copy(context)
        executor.operation, executor.variable_values = self.definition, values
        executor.fragment_definitions, executor.fragments = self.fragments, self.fragment_details
        return executor


def make_prototype(schema: GraphQLSchema) -> OperationExecutor:
    """Return an executor of a schema that is only copied."""
    (definition,) = parse("{ __typename }").definitions
    resolvers = (default_field_resolver, default_type_resolver, default_field_resolver)
    shared: Any = (schema, {}, {}, None, None, definition, VariableValues({}, {}), *resolvers)
    return OperationExecutor(*shared, is_awaitable=_is_awaitable)


@dataclass(frozen=True, slots=True)
class Operation:
    """One valid operation of a document, and its estimated cost beside the cost that one operation may have.

    Where it is not `is_compiled`, graphql-core's executor executes it.
    """

    text: str
    document: DocumentNode
    parts: ExecutorParts
    root_fields: frozenset[str]
    cost: int
    cost_limit: int = MAX_COST
    is_compiled: bool = True
    may_be_kept: bool = False
    # Of a subscription: to look through its document takes ten times as long as everything else at its start.
    depends_on_viewer: bool = False
    # What each request asks for several times: its node in its document, its kind, its name (empty for an unnamed one),
    # and whether it reads nothing but the schema.
    definition: OperationDefinitionNode = field(init=False)
    kind: OperationType = field(init=False)
    name: str = field(init=False)
    is_introspection: bool = field(init=False)

    def __post_init__(self) -> None:
        """Read what the definition says."""
        definition = self.parts.definition
        is_query = definition.operation is OperationType.QUERY
        object.__setattr__(self, "definition", definition)
        object.__setattr__(self, "kind", definition.operation)
        object.__setattr__(self, "name", definition.name.value if definition.name else "")
        object.__setattr__(self, "is_introspection", is_query and self.root_fields <= _INTROSPECTION)


def prepare_executors(
    prototype: OperationExecutor, document: DocumentNode, definition: OperationDefinitionNode
) -> ExecutorParts:
    """Return the parts of an operation of a valid document."""
    fragments = fragments_of(document)
    # A directive of the operation may decide how its executor propagates errors.
    is_usual = not definition.directives and not any(each.variable_definitions for each in fragments.values())
    signatures = read_signatures(prototype.schema, definition) if is_usual else None
    details = {name: FragmentDetails(fragment, None) for name, fragment in fragments.items()}
    return ExecutorParts(prototype, definition, fragments, details, signatures)


def build_executor(
    schema: GraphQLSchema, operation: Operation, variables: Mapping[str, Any], context: Context | None = None
) -> OperationExecutor | list[GraphQLError]:
    """Return the executor of an operation, with its limit of cost; the errors of its variables where they are wrong.

    That of a mutation is higher during execution: beyond it, parts of an answer about a committed change are missing.
    """
    executor = _build(schema, operation, variables, context)
    if isinstance(executor, OperationExecutor):
        factor = MUTATION_ANSWER_FACTOR if operation.kind is OperationType.MUTATION else 1
        executor.cost_limit, executor.is_compiling = factor * operation.cost_limit, operation.is_compiled
    return executor


def _build(
    schema: GraphQLSchema, operation: Operation, variables: Mapping[str, Any], context: Context | None
) -> OperationExecutor | list[GraphQLError]:
    signatures = operation.parts.signatures
    values = None if signatures is None else coerce_variables(signatures, variables)
    if values is not None:
        return operation.parts.build_executor(values, context)
    # It knows defaults, and how errors are stated. To find a name like a wrong one takes as long as a small operation:
    # only a lone error gets such suggestions.
    build: Any = partial(
        OperationExecutor.build,
        schema,
        operation.document,
        context_value=context,
        raw_variable_values=dict(variables),
        operation_name=operation.name or None,
        max_coercion_errors=_MAX_VARIABLE_ERRORS,
        is_awaitable=_is_awaitable,
    )
    built: OperationExecutor | list[GraphQLError] = build(hide_suggestions=True)
    return build() if isinstance(built, list) and len(built) == 1 else built
