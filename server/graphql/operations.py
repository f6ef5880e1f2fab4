"""Parses, checks and carries out operations; parsing and validation are remembered by the operation's text."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    execute,
    parse,
    validate,
)
from strawberry.execution import optimized_is_awaitable

from domain.failures import BadUserInput, QueryTooComplex
from resolvers.context import Context
from server.graphql.cost import MAX_TEXT_LENGTH, MAX_TOKENS, check_cost, check_same_name_pairs, read_field_costs
from server.graphql.errors import (
    PARSE_FAILED,
    VALIDATION_FAILED,
    Errors,
    exception_error,
    execution_errors,
    failure_error,
    request_errors,
)

MAX_CACHED_OPERATIONS = 1_000
# Comments and blanks are no tokens, so that a text within the limit on tokens can still be large.
MAX_CACHED_TEXT_LENGTH = 20_000
OPERATION_TIMEOUT_SECONDS = 9.5
_MAX_VALIDATION_ERRORS = 20

# The same test as graphql-core's, with a short way out for plain values.
_is_awaitable: Any = optimized_is_awaitable

GraphQLResponse = dict[str, Any]


class OperationRejected(Exception):
    """An operation that was not carried out, with the entries of `errors` that say why."""

    def __init__(self, errors: Errors) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """A well-formed request: its document, the name of the operation in it, and the variables.

    `after_operation_time` is the time of the latest change that the caller has made, 0 where it states none.
    """

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None
    after_operation_time: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """One valid operation of a document."""

    text: str
    document: DocumentNode
    definition: OperationDefinitionNode

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.definition.operation


class Operations:
    """The operations of one schema."""

    def __init__(self, schema: strawberry.Schema, seconds: float = OPERATION_TIMEOUT_SECONDS) -> None:
        self._schema = schema
        self._seconds = seconds
        self.graphql_schema: GraphQLSchema = schema._schema
        self._field_costs = read_field_costs(self.graphql_schema)
        self._cached_check = lru_cache(MAX_CACHED_OPERATIONS)(self._parse_and_validate)

    def prepare(self, text: str, name: str | None, variables: Mapping[str, Any] | None = None) -> Operation:
        """Return the operation called `name`, parsed, validated and costed; raise OperationRejected where it fails."""
        if len(text) > MAX_TEXT_LENGTH:
            message = f"An operation may have at most {MAX_TEXT_LENGTH:,} characters: put its values into variables."
            raise OperationRejected(_too_complex(QueryTooComplex(message)))
        checked = self._cached_check if len(text) <= MAX_CACHED_TEXT_LENGTH else self._parse_and_validate
        outcome = checked(text)
        if isinstance(outcome, list):
            raise OperationRejected(outcome)
        operation = Operation(text, outcome, _select_operation(outcome, name))
        try:
            check_cost(outcome, operation.definition, variables or {}, self._field_costs)
        except (QueryTooComplex, RecursionError) as refused:
            raise OperationRejected(_too_complex(refused)) from None
        return operation

    def _parse_and_validate(self, text: str) -> DocumentNode | Errors:
        """The valid document, or what is wrong with it: a mistake is remembered like a success."""
        try:
            document = parse(text, max_tokens=MAX_TOKENS)
        except GraphQLError as refused:
            is_limit = "Parsing aborted" in refused.message
            return request_errors([refused], QueryTooComplex.code if is_limit else PARSE_FAILED)
        return self._validate(document)

    def _validate(self, document: DocumentNode) -> DocumentNode | Errors:
        try:
            check_same_name_pairs(document)
            found = validate(self.graphql_schema, document, max_errors=_MAX_VALIDATION_ERRORS)
        except (QueryTooComplex, RecursionError) as refused:
            return _too_complex(refused)
        return request_errors(found, VALIDATION_FAILED) if found else document

    async def execute(
        self, operation: Operation, variables: Mapping[str, Any] | None, context: Context, spent: float = 0.0
    ) -> GraphQLResponse:
        """The answer of a query or mutation; nothing is raised, whatever goes wrong in it.

        `spent` are the seconds that the request has taken before: with them it takes no longer than it may.
        """
        try:
            async with asyncio.timeout(self._seconds - spent):
                if context.feed is not None and "feedCursor" in operation.text:
                    # Before anything else of the operation is read, as the contract promises.
                    context.feed_cursor = await context.feed.now_cursor(context.scope.partner_id)
                answer = self.render(await self._execute(operation, variables, context))
                if context.operation_time:
                    answer["extensions"] = {"seen": str(context.operation_time)}
                return answer
        except RecursionError as refused:
            return {"errors": _too_complex(refused)}
        except Exception as failure:  # noqa: BLE001  The outermost place: everything becomes an error with a code.
            return {"errors": [exception_error(failure)]}

    async def _execute(
        self, operation: Operation, variables: Mapping[str, Any] | None, context: Context
    ) -> ExecutionResult:
        definition = operation.definition
        result = execute(
            self.graphql_schema,
            operation.document,
            variable_values=dict(variables or {}),
            operation_name=definition.name.value if definition.name else None,
            context_value=context,
            executor_class=self._schema.execution_context_class,
            is_awaitable=_is_awaitable,
        )
        return result if isinstance(result, ExecutionResult) else await result

    @staticmethod
    def render(result: ExecutionResult) -> GraphQLResponse:
        """A result as it is sent: without `data` where the operation was never begun."""
        errors = execution_errors(result.errors or ())
        begun = result.data is not None or any("path" in error for error in errors)
        answer: GraphQLResponse = {"data": result.data} if begun else {}
        if errors:
            answer["errors"] = errors
        return answer


def _select_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The named operation, or the only one."""
    offered = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    matching = [d for d in offered if name is None or (d.name is not None and d.name.value == name)]
    if len(matching) == 1:
        return matching[0]
    if name is not None:
        raise OperationRejected(
            [failure_error(BadUserInput(f"The document has no operation with the name {name[:60]!r}."))]
        )
    raise OperationRejected(
        [failure_error(BadUserInput("The document has several operations: choose one by operationName."))]
    )


def _too_complex(refused: QueryTooComplex | RecursionError) -> Errors:
    """A limit that was met; a document nested beyond what Python can follow is one of them."""
    if isinstance(refused, RecursionError):
        refused = QueryTooComplex("This operation is nested too deeply.")
    return [failure_error(refused)]
