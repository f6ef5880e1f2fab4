"""Runs a mutation for a resolver: mistakes become `userErrors`, and later reads of the operation see the change."""

from typing import Any, Generic, TypeVar

from msgspec import Struct

from domain.failures import InputRejected
from domain.languages.rendering import render_message
from domain.text.api_names import api_path
from domain.user_errors import UserError
from resolvers.context import Context
from store.changes.mutations import ChangedObject, MutationBody, MutationRequest, mutate

MAX_USER_ERRORS = 1_000
Input = TypeVar("Input")
Result = TypeVar("Result")


class MutationResult(Struct, Generic[Result], frozen=True):
    """The parent of a payload's fields: the result of the mutation, or None and the mistakes in its input."""

    result: Result | None = None
    user_errors: tuple[UserError, ...] = ()


ObjectResult = MutationResult[ChangedObject]


async def run_mutation(
    context: Context,
    request: MutationRequest[Input],
    body: MutationBody[Input, Result],
    result_type: type[Result],
) -> MutationResult[Result]:
    """Run the mutation and move the context to the moment of the change."""
    try:
        committed = await mutate(context.scope, request, body, result_type, context.advance_operation_time)
    except InputRejected as rejected:
        return MutationResult(user_errors=rejected.user_errors)
    context.refresh(committed.now)
    return MutationResult(committed.result)


def changed_id(payload: MutationResult[Any]) -> str | None:
    """Return the id of the changed object; None where the input was rejected."""
    return None if payload.result is None else str(payload.result.id)


def user_errors(_context: Context, payload: MutationResult[Any]) -> tuple[UserError, ...]:
    """Return the first MAX_USER_ERRORS mistakes."""
    return payload.user_errors[:MAX_USER_ERRORS]


def error_message(context: Context, error: UserError) -> str:
    return render_message(error.message, context.viewer.language)


def error_field(_context: Context, error: UserError) -> list[str]:
    return api_path(error.path)
