"""Turn failures into the entries of `errors`; nothing internal is shown to clients."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any
from uuid import uuid4

import structlog
from graphql import GraphQLError

from domain.failures import QueryTooComplex, RequestFailure, Unavailable
from store.database.client import PyMongoError

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT = "BAD_USER_INPUT"
TIMEOUT = "TIMEOUT"
INTERNAL = "INTERNAL"
Errors = list[dict[str, Any]]
_log = structlog.get_logger("partnerhub.errors")


class InvalidRequest(Exception):
    """A request that its transport rejects: it is not well formed, or its operation is not permitted there.

    `code` is that of its error; `extensions` are those of the response, where the request was charged.
    """

    code = BAD_USER_INPUT

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.extensions: Mapping[str, object] = {}


def failure_error(failure: RequestFailure) -> dict[str, Any]:
    """Return a failure of the request itself as an entry of `errors`."""
    return {"message": str(failure), "extensions": failure.extensions}


def coded_error(code: str, message: str) -> dict[str, Any]:
    """Return an entry of `errors` for which there is no exception."""
    return {"message": message, "extensions": {"code": code}}


def request_errors(errors: Iterable[GraphQLError], code: str) -> Errors:
    """Return the errors of parsing, validation or variables, with graphql-core's messages."""
    return [_located(error, error.message, {"code": code}) for error in errors]


def execution_errors(errors: Iterable[GraphQLError], suppressed: int = 0) -> Errors:
    """Return the errors that resolvers raised, and one for the number of those that are not listed."""
    unexpected: dict[Hashable, dict[str, Any]] = {}
    entries = [_execution_error(error, unexpected) for error in errors]
    if suppressed:
        message = f"{suppressed:,} more fields have errors; the first {len(entries)} are listed."
        entries.append(coded_error(QueryTooComplex.code, message))
    return entries


def _execution_error(error: GraphQLError, unexpected: dict[Hashable, dict[str, Any]]) -> dict[str, Any]:
    """Return the entry of an error; an unexpected exception of many rows is logged once, and they share its id."""
    cause = _root_cause(error)
    if isinstance(cause, RequestFailure):
        return _located(error, str(cause), cause.extensions)
    if cause is None and (error.path is None or error.message.startswith(("Argument ", "Variable "))):
        # graphql-core's own error: about variables where it has no path, else about a field's arguments.
        return _located(error, error.message, {"code": BAD_USER_INPUT})
    origin = _origin(cause or error)
    if origin not in unexpected:
        unexpected[origin] = exception_error(cause or error)
    return {**_located(error, "", {}), **unexpected[origin]}


def _origin(exception: BaseException) -> Hashable:
    """Return what equal exceptions of different rows have in common: the type, the text and the line of code."""
    line, frame = None, exception.__traceback__
    while frame is not None:
        line, frame = (frame.tb_frame.f_code, frame.tb_lineno), frame.tb_next
    return type(exception), str(exception), line


def exception_error(exception: BaseException) -> dict[str, Any]:
    """Return an exception as message and extensions; an unexpected one is logged, and only its id is shown."""
    if isinstance(exception, RequestFailure):
        return failure_error(exception)
    if isinstance(exception, InvalidRequest):
        return coded_error(exception.code, str(exception))
    if isinstance(exception, TimeoutError):
        return coded_error(TIMEOUT, "This took too long and was stopped.")
    if isinstance(exception, PyMongoError):
        _log.warning("database_failure", error=repr(exception))
        return failure_error(Unavailable())
    identity = uuid4().hex
    _log.error("internal_error", id=identity, exc_info=exception)
    message = "Something went wrong on our side; the log knows it by this id."
    return {"message": message, "extensions": {"code": INTERNAL, "id": identity}}


def exception_code(exception: BaseException) -> str:
    """Return the code that an exception has as an entry of `errors`."""
    if isinstance(exception, (RequestFailure, InvalidRequest)):
        return exception.code
    if isinstance(exception, TimeoutError):
        return TIMEOUT
    return Unavailable.code if isinstance(exception, PyMongoError) else INTERNAL


def is_database_failure(error: GraphQLError) -> bool:
    """Return whether the database caused the error, so that a retry may succeed."""
    return isinstance(_root_cause(error), (Unavailable, PyMongoError))


def _root_cause(error: GraphQLError) -> BaseException | None:
    """Return what a resolver raised, inside any number of GraphQL errors."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _located(error: GraphQLError, message: str, extensions: Mapping[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"message": message}
    if error.locations:
        entry["locations"] = [{"line": location.line, "column": location.column} for location in error.locations]
    if error.path is not None:
        entry["path"] = list(error.path)
    entry["extensions"] = dict(extensions)
    return entry
