"""Parse, check and execute operations; parsing and validation are cached by the operation's text."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    Token,
    TokenKind,
    parse,
    specified_rules,
    validate,
)
from strawberry.execution import optimized_is_awaitable

from domain.failures import BadUserInput, QueryTooComplex
from domain.languages.languages import Language
from domain.messages import translatable
from resolvers.context import Context
from schema.executor import OperationExecutor
from server.graphql.cost import (
    MAX_COST,
    MAX_TEXT_LENGTH,
    MAX_TOKENS,
    MUTATION_ANSWER_FACTOR,
    check_same_name_pairs,
    read_field_costs,
)
from server.graphql.document_cache import DocumentCache, document_bytes
from server.graphql.errors import (
    PARSE_FAILED,
    VALIDATION_FAILED,
    Errors,
    exception_error,
    execution_errors,
    failure_error,
    request_errors,
)
from server.graphql.one_of import OneOfVariablesRule
from server.graphql.requested_document import RequestedDocument
from server.graphql.valid_document import ValidDocument

# Python reads a number in time that is quadratic in its digits, and refuses more than 4,300.
MAX_NUMBER_LENGTH = 40
# Comments and blanks are not tokens: a text within MAX_TOKENS can still be large.
MAX_CACHED_TEXT_LENGTH = 20_000
OPERATION_TIMEOUT_SECONDS = 9.5
_MAX_VALIDATION_ERRORS = 20
_RULES = (*specified_rules, OneOfVariablesRule)

# The same test as graphql-core's, faster for plain values.
_is_awaitable: Any = optimized_is_awaitable
GraphQLResponse = dict[str, Any]


class OperationRejected(Exception):
    """An operation that is not executed; `errors` are the entries that state why.

    `extensions` are those of the response, where the caller has added some.
    """

    def __init__(self, errors: Errors) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors
        self.extensions: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """A well-formed request: its document, the name of the operation in it, the variables, and the language.

    `after_operation_time` is the time of the latest change that the caller has made, 0 where it states none.
    `rejection` says why the variables that were sent are not accepted; they are then left out.
    """

    document: RequestedDocument
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None
    after_operation_time: int = 0
    language: Language = Language.ENGLISH
    rejection: BadUserInput | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One valid operation of a document, and its estimated cost beside the cost that one operation may have."""

    text: str
    document: DocumentNode
    definition: OperationDefinitionNode
    root_fields: frozenset[str]
    cost: int
    cost_limit: int = MAX_COST

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
        self._documents: DocumentCache[ValidDocument | Errors] = DocumentCache()

    def prepare(self, text: str, name: str | None, variables: Mapping[str, Any] | None = None) -> Operation:
        """Return the operation called `name`, parsed, validated and costed; raise OperationRejected where it fails."""
        if len(text) > MAX_TEXT_LENGTH:
            message = f"An operation may have at most {MAX_TEXT_LENGTH:,} characters: put its values into variables."
            raise OperationRejected(_too_complex(QueryTooComplex(message)))
        outcome = self._documents.get(text) or self._check_and_remember(text)
        if isinstance(outcome, list):
            raise OperationRejected(outcome)
        definition = _select_operation(outcome.document, name)
        try:
            cost = outcome.cost(definition, variables or {}, self._field_costs)
            return Operation(text, outcome.document, definition, outcome.root_fields(definition), cost)
        except (QueryTooComplex, RecursionError) as failure:
            raise OperationRejected(_too_complex(failure)) from None

    def is_known(self, text: str) -> bool:
        """Return whether the text was parsed and validated recently, so that it need not be again."""
        return self._documents.get(text) is not None

    def find_errors(self, text: str) -> Errors:
        """Return why a document cannot be executed: limits of its text, syntax, validation, cost without variables."""
        if len(text) > MAX_TEXT_LENGTH:
            return _too_complex(QueryTooComplex(f"It has more than {MAX_TEXT_LENGTH:,} characters."))
        outcome = self._parse_and_validate(text)
        if isinstance(outcome, list):
            return outcome
        try:
            for definition in outcome.document.definitions:
                if isinstance(definition, OperationDefinitionNode):
                    outcome.cost(definition, {}, self._field_costs)
        except (QueryTooComplex, RecursionError) as failure:
            return _too_complex(failure)
        return []

    def _check_and_remember(self, text: str) -> ValidDocument | Errors:
        outcome = self._parse_and_validate(text)
        if len(text) <= MAX_CACHED_TEXT_LENGTH:
            # An error takes little, but its message may quote the text.
            if isinstance(outcome, ValidDocument):
                self._documents.store(text, outcome, document_bytes(outcome.document) + outcome.costs_bytes())
            else:
                self._documents.store(text, outcome, len(outcome) * (len(text) + 1_000))
        return outcome

    def _parse_and_validate(self, text: str) -> ValidDocument | Errors:
        """Return the valid document or its errors: both are cached."""
        try:
            document = parse(text, max_tokens=MAX_TOKENS)
        except GraphQLError as failure:
            is_limit = "Parsing aborted" in failure.message
            return request_errors([failure], QueryTooComplex.code if is_limit else PARSE_FAILED)
        if any(len(token.value or "") > MAX_NUMBER_LENGTH for token in _number_tokens(document)):
            message = translatable("A number has at most {most} characters.", most=MAX_NUMBER_LENGTH)
            return [failure_error(BadUserInput(message))]
        return self._validate(document)

    def _validate(self, document: DocumentNode) -> ValidDocument | Errors:
        try:
            check_same_name_pairs(document)
            errors = validate(self.graphql_schema, document, _RULES, max_errors=_MAX_VALIDATION_ERRORS)
        except (QueryTooComplex, RecursionError) as failure:
            return _too_complex(failure)
        return request_errors(errors, VALIDATION_FAILED) if errors else ValidDocument(document)

    async def execute(
        self, operation: Operation, variables: Mapping[str, Any] | None, context: Context, spent: float = 0.0
    ) -> GraphQLResponse:
        """Return the response of a query or mutation; every failure becomes an entry of its errors.

        `spent` is the time in seconds that the request has taken before; it counts towards the timeout.
        """
        try:
            async with asyncio.timeout(self._seconds - spent):
                if context.feed is not None and "feedCursor" in operation.root_fields:
                    # The contract: the cursor is taken before anything else of the operation is read.
                    context.feed_cursor = await context.feed.now_cursor(context.scope.partner_id)
                response = await self._execute(operation, variables, context)
                if context.operation_time:
                    response["extensions"] = {"seen": str(context.operation_time)}
                return response
        except RecursionError as failure:
            return {"errors": _too_complex(failure)}
        except Exception as failure:  # noqa: BLE001  The outermost place: everything becomes an error with a code.
            return {"errors": [exception_error(failure)]}

    async def _execute(
        self, operation: Operation, variables: Mapping[str, Any] | None, context: Context
    ) -> GraphQLResponse:
        executor = build_executor(self.graphql_schema, operation, variables or {}, context)
        if isinstance(executor, list):
            return self._render(ExecutionResult(None, executor))
        result: Any = executor.execute_operation()
        if not isinstance(result, ExecutionResult):
            result = await result
        return self.render(result, executor)

    @classmethod
    def render(cls, result: ExecutionResult, executor: OperationExecutor) -> GraphQLResponse:
        """Return the result of an execution as a response; without `data` where the execution was ended."""
        if executor.failure is not None:
            return {"errors": [failure_error(executor.failure)]}
        return cls._render(result, executor.suppressed_errors)

    @staticmethod
    def _render(result: ExecutionResult, suppressed_errors: int = 0) -> GraphQLResponse:
        """Return a result as a response: without `data` where the execution did not start."""
        errors = execution_errors(result.errors or (), suppressed_errors)
        has_started = result.data is not None or any("path" in error for error in errors)
        response: GraphQLResponse = {"data": result.data} if has_started else {}
        if errors:
            response["errors"] = errors
        return response


def build_executor(
    schema: GraphQLSchema, operation: Operation, variables: Mapping[str, Any], context: Context | None = None
) -> OperationExecutor | list[GraphQLError]:
    """Return the executor of an operation, with its limit of cost; the errors of its variables where they are wrong.

    That of a mutation is higher during execution: beyond it, parts of an answer about a committed change are missing.
    """
    factor = MUTATION_ANSWER_FACTOR if operation.kind is OperationType.MUTATION else 1
    executor: Any = OperationExecutor.build(
        schema,
        operation.document,
        context_value=context,
        raw_variable_values=dict(variables),
        operation_name=operation.definition.name.value if operation.definition.name else None,
        is_awaitable=_is_awaitable,
        cost_limit=factor * operation.cost_limit,
    )
    return executor  # type: ignore[no-any-return]


def _number_tokens(document: DocumentNode) -> Iterator[Token]:
    token = document.loc.start_token if document.loc else None
    while token is not None:
        if token.kind in {TokenKind.INT, TokenKind.FLOAT}:
            yield token
        token = token.next


def _select_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Return the named operation, or the only one."""
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    matching = [d for d in operations if name is None or (d.name is not None and d.name.value == name)]
    if len(matching) == 1:
        return matching[0]
    if name is not None:
        raise OperationRejected(
            [
                failure_error(
                    BadUserInput(
                        translatable("The document has no operation with the name {name}.", name=repr(name[:60]))
                    )
                )
            ]
        )
    raise OperationRejected(
        [failure_error(BadUserInput(translatable("The document has several operations: choose one by operationName.")))]
    )


def _too_complex(failure: QueryTooComplex | RecursionError) -> Errors:
    """Return the error of an exceeded limit; a document nested beyond Python's recursion limit is one."""
    if isinstance(failure, RecursionError):
        failure = QueryTooComplex("This operation is nested too deeply.")
    return [failure_error(failure)]
