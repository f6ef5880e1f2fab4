"""Parse, check and execute operations; parsing and validation are cached by the operation's text."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from msgspec import Struct

from domain.failures import BadUserInput, QueryTooComplex
from domain.languages.languages import Language
from resolvers.context import Context
from schema.executor import OperationExecutor
from server.graphql.cost import (
    MAX_COST,
    MAX_TEXT_LENGTH,
    check_cost,
    check_same_name_pairs,
    read_field_costs,
    root_field_names,
)
from server.graphql.document_cache import DocumentCache, document_bytes
from server.graphql.errors import (
    VALIDATION_FAILED,
    Errors,
    exception_error,
    execution_errors,
    failure_error,
    request_errors,
)
from server.graphql.introspection_answers import IntrospectionAnswers
from server.graphql.kept_fields import may_be_kept
from server.graphql.operation import Operation, build_executor, make_prototype, prepare_executors
from server.graphql.parsing import matching_operations, parse_document, select_operation
from server.graphql.requested_document import RequestedDocument
from server.graphql.steps import Steps, finish, finish_in_turns
from server.graphql.valid_document import ValidDocument
from server.graphql.validation import find_validation_errors
from server.graphql.viewer_dependence import selects_viewer_dependent_field

# Comments and blanks are not tokens: a text within MAX_TOKENS can still be large.
MAX_CACHED_TEXT_LENGTH = 20_000
OPERATION_TIMEOUT_SECONDS: float = 8  # The answer must leave within 10 s.

GraphQLResponse = dict[str, Any]


class OperationRejected(Exception):
    """An operation that is not executed; `errors` are the entries that state why.

    `extensions` are those of the response, where the caller has added some.
    """

    def __init__(self, errors: Errors) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors
        self.extensions: Mapping[str, object] = {}


class OperationRequest(Struct, frozen=True):
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


CheckedDocument = ValidDocument[Operation] | Errors


class Operations:
    """The operations of one schema."""

    def __init__(
        self, schema: strawberry.Schema, seconds: float = OPERATION_TIMEOUT_SECONDS, *, is_compiled: bool = True
    ) -> None:
        self._schema = schema
        self.seconds = seconds
        self._is_compiled = is_compiled
        self.graphql_schema: GraphQLSchema = schema._schema
        self._field_costs = read_field_costs(self.graphql_schema)
        self._documents: DocumentCache[CheckedDocument] = DocumentCache()
        self._introspection_answers = IntrospectionAnswers()
        self._prototype = make_prototype(self.graphql_schema)

    def prepare(self, text: str, name: str | None, variables: Mapping[str, Any] | None = None) -> Operation:
        """Return the operation called `name`, parsed, validated and costed; raise OperationRejected where it fails."""
        return finish(self._prepare_in_steps(text, name, variables or {}))

    async def prepare_in_turns(self, text: str, name: str | None, variables: Mapping[str, Any]) -> Operation:
        """Do the same; other operations have their turn in between."""
        return await finish_in_turns(self._prepare_in_steps(text, name, variables))

    def find_prepared(self, text: str, name: str | None, variables: Mapping[str, Any]) -> Operation | None:
        """Do the same where the text was parsed and validated recently; return None where it must be."""
        outcome = self._documents.get(text)
        return None if outcome is None else self._select(outcome, text, name, variables)

    def _prepare_in_steps(self, text: str, name: str | None, variables: Mapping[str, Any]) -> Steps[Operation]:
        if len(text) > MAX_TEXT_LENGTH:
            message = f"An operation may have at most {MAX_TEXT_LENGTH:,} characters: put its values into variables."
            raise OperationRejected(_too_complex(QueryTooComplex(message)))
        outcome = self._documents.get(text)
        if outcome is None:
            outcome = yield from self._check_and_remember(text, name, variables)
        return self._select(outcome, text, name, variables)

    def _select(self, outcome: CheckedDocument, text: str, name: str | None, variables: Mapping[str, Any]) -> Operation:
        """Return the operation of a valid document; raise OperationRejected where there is none."""
        if isinstance(outcome, list):
            raise OperationRejected(outcome)
        try:
            prepare = partial(self._prepare, text, outcome.document, name, variables)
            return outcome.prepare(name, variables, prepare)
        except BadUserInput as failure:
            raise OperationRejected([failure_error(failure)]) from None
        except (QueryTooComplex, RecursionError) as failure:
            raise OperationRejected(_too_complex(failure)) from None

    def _prepare(self, text: str, document: DocumentNode, name: str | None, variables: Mapping[str, Any]) -> Operation:
        definition = select_operation(document, name)
        cost = check_cost(document, definition, variables, self._field_costs)
        root_fields = root_field_names(document, definition)
        is_kept = may_be_kept(self.graphql_schema, document, definition)
        parts = prepare_executors(self._prototype, document, definition)
        depends_on_viewer = definition.operation is OperationType.SUBSCRIPTION and selects_viewer_dependent_field(
            self.graphql_schema, document
        )
        return Operation(
            text, document, parts, root_fields, cost, MAX_COST, self._is_compiled, is_kept, depends_on_viewer
        )

    def find_errors(self, text: str) -> Errors:
        """Return why a document cannot be executed: limits of its text, syntax, validation, cost without variables."""
        if len(text) > MAX_TEXT_LENGTH:
            return _too_complex(QueryTooComplex(f"It has more than {MAX_TEXT_LENGTH:,} characters."))
        document = parse_document(text)
        outcome = document if isinstance(document, list) else finish(self._validate(document))
        if isinstance(outcome, list):
            return outcome
        try:
            for definition in outcome.document.definitions:
                if isinstance(definition, OperationDefinitionNode):
                    check_cost(outcome.document, definition, {}, self._field_costs)
        except (QueryTooComplex, RecursionError) as failure:
            return _too_complex(failure)
        return []

    def _check_and_remember(self, text: str, name: str | None, variables: Mapping[str, Any]) -> Steps[CheckedDocument]:
        outcome: CheckedDocument
        document = parse_document(text)
        if isinstance(document, list):
            outcome = document
        else:
            yield
            self._check_cost(document, name, variables)
            outcome = yield from self._validate(document)
        if len(text) <= MAX_CACHED_TEXT_LENGTH:
            # An error takes little, but its message may quote the text.
            if isinstance(outcome, ValidDocument):
                self._documents.store(text, outcome, document_bytes(outcome.document) + outcome.operations_bytes())
            else:
                self._documents.store(text, outcome, len(outcome) * (len(text) + 1_000))
        return outcome

    def _check_cost(self, document: DocumentNode, name: str | None, variables: Mapping[str, Any]) -> None:
        """Raise OperationRejected for an operation that costs too much: validation would take fifty times as long.

        It is not remembered, because the same text can cost less with other variables.
        """
        matching = matching_operations(document, name)
        try:
            if len(matching) == 1:
                check_cost(document, matching[0], variables, self._field_costs)
        except (QueryTooComplex, RecursionError) as failure:
            raise OperationRejected(_too_complex(failure)) from None

    def _validate(self, document: DocumentNode) -> Steps[CheckedDocument]:
        """Return the valid document or its errors: both are cached."""
        try:
            check_same_name_pairs(document)
            errors = yield from find_validation_errors(self.graphql_schema, document)
        except (QueryTooComplex, RecursionError) as failure:
            return _too_complex(failure)
        return request_errors(errors, VALIDATION_FAILED) if errors else ValidDocument(document)

    async def execute(
        self, operation: Operation, variables: Mapping[str, Any] | None, context: Context
    ) -> GraphQLResponse:
        """Return the response of a query or mutation; every failure becomes an entry of its errors."""
        try:
            async with asyncio.timeout(self.seconds):
                return await self.execute_in_time(operation, variables, context)
        except TimeoutError as failure:
            return {"errors": [exception_error(failure)]}

    async def execute_in_time(
        self, operation: Operation, variables: Mapping[str, Any] | None, context: Context
    ) -> GraphQLResponse:
        """Do the same where the caller limits the time."""
        try:
            if context.feed is not None and "feedCursor" in operation.root_fields:
                # The contract: the cursor is taken before anything else of the operation is read.
                context.feed_cursor = await context.feed.now_cursor(context.scope.partner_id)
            response = await self._find_or_execute(operation, variables, context)
        except RecursionError as failure:
            return {"errors": _too_complex(failure)}
        except Exception as failure:  # noqa: BLE001  The outermost place: everything becomes an error with a code.
            return {"errors": [exception_error(failure)]}
        if context.operation_time:
            response["extensions"] = {"seen": str(context.operation_time)}
        return response

    async def _find_or_execute(
        self, operation: Operation, variables: Mapping[str, Any] | None, context: Context
    ) -> GraphQLResponse:
        if not operation.is_introspection or variables:
            return await self._execute(operation, variables, context)
        kept = self._introspection_answers.get(operation.text, operation.name)
        if kept is None:
            kept = await self._execute(operation, variables, context)
            self._introspection_answers.keep(operation.text, operation.name, kept)
        return kept

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


def _too_complex(failure: QueryTooComplex | RecursionError) -> Errors:
    """Return the error of an exceeded limit; a document nested beyond Python's recursion limit is one."""
    if isinstance(failure, RecursionError):
        failure = QueryTooComplex("This operation is nested too deeply.")
    return [failure_error(failure)]
