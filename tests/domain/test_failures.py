"""The failures: the tree at the head of the module, their messages, codes and attributes."""

import re
from collections.abc import Iterator

import pytest

from domain import failures
from domain.failures import (
    AdministratorNotActive,
    BadUserInput,
    CursorExpired,
    Failure,
    FirstAndLastGiven,
    Forbidden,
    InputRejected,
    InvalidCursor,
    InvalidRecord,
    NumberOutOfRange,
    OutcomeUnknown,
    PartnerNotFound,
    QueryTooComplex,
    RequestFailure,
    SearchTooLong,
    TermsNotAccepted,
    TooManyValues,
    Unauthenticated,
    Unavailable,
)
from domain.messages import translatable
from domain.permissions import Permission
from domain.user_errors import InputPath, UserError, UserErrorCode


def drawn_tree() -> Iterator[tuple[str, str | None]]:
    """Yield each class of the tree in the module's docstring with its parent."""
    ancestors: list[str] = []
    for line in (failures.__doc__ or "").splitlines():
        match = re.match(r"^(?P<indent>[│ ]*(?:├── |└── )?)(?P<name>[A-Z]\w+)(?: {2,}|$)", line)
        if match:
            depth = len(match["indent"]) // 4
            del ancestors[depth:]
            yield match["name"], ancestors[-1] if ancestors else None
            ancestors.append(match["name"])


def test_the_module_draws_its_whole_tree() -> None:
    drawn = dict(drawn_tree())
    classes = [value for value in vars(failures).values() if isinstance(value, type) and issubclass(value, Failure)]
    assert drawn == {cls.__name__: None if cls is Failure else cls.__bases__[0].__name__ for cls in classes}


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (NumberOutOfRange("weeks", 1, 52, 53), "weeks is a number from 1 to 52; this is 53."),
        (TooManyValues("kinds", 50, 51), "kinds takes at most 50 values; these are 51."),
        (SearchTooLong(100, 101), "A search has at most 100 characters; this one has 101."),
        (FirstAndLastGiven(), "Ask for the first or for the last, not for both."),
        (AdministratorNotActive(), "The administrator of this token does not exist or has been removed."),
        (PartnerNotFound(), "The partner organization of this token no longer exists."),
        (Forbidden(Permission.EDIT_TAGS), "Your role does not have the permission EDIT_TAGS."),
        (InvalidCursor(), "This cursor does not belong to this list or feed."),
        (InvalidRecord("name", "is missing"), "name: is missing"),
        (InvalidRecord(None, "is not JSON"), "is not JSON"),
    ],
)
def test_a_failure_builds_its_message(failure: Failure, message: str) -> None:
    assert str(failure) == message


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Unauthenticated("No."), "UNAUTHENTICATED"),
        (AdministratorNotActive(), "UNAUTHENTICATED"),
        (PartnerNotFound(), "UNAUTHENTICATED"),
        (BadUserInput(translatable("No.")), "BAD_USER_INPUT"),
        (NumberOutOfRange("days", 1, 365, 0), "BAD_USER_INPUT"),
        (TooManyValues("ids", 1, 2), "BAD_USER_INPUT"),
        (SearchTooLong(1, 2), "BAD_USER_INPUT"),
        (FirstAndLastGiven(), "BAD_USER_INPUT"),
        (InvalidCursor(), "INVALID_CURSOR"),
        (CursorExpired(), "CURSOR_EXPIRED"),
        (QueryTooComplex("No."), "QUERY_TOO_COMPLEX"),
        (TermsNotAccepted(), "TERMS_NOT_ACCEPTED"),
        (Unavailable(), "UNAVAILABLE"),
        (OutcomeUnknown(), "UNAVAILABLE"),
    ],
)
def test_a_request_failure_shows_its_code_alone(failure: RequestFailure, code: str) -> None:
    assert failure.extensions == {"code": code}


def test_forbidden_also_shows_the_permission() -> None:
    assert Forbidden(Permission.EDIT_TAGS).extensions == {"code": "FORBIDDEN", "permission": "EDIT_TAGS"}


def test_failures_keep_their_typed_attributes() -> None:
    out_of_range = NumberOutOfRange("first", 1, 200, 0)
    assert (out_of_range.argument, out_of_range.lowest, out_of_range.highest, out_of_range.number) == (
        "first",
        1,
        200,
        0,
    )
    too_many = TooManyValues("kinds", 50, 51)
    assert (too_many.argument, too_many.limit, too_many.count) == ("kinds", 50, 51)
    too_long = SearchTooLong(100, 101)
    assert (too_long.limit, too_long.length) == (100, 101)
    record = InvalidRecord("name", "is missing")
    assert (record.field, record.reason) == ("name", "is missing")


def test_rejected_input_has_all_errors_in_order() -> None:
    errors = [
        UserError(UserErrorCode.BLANK, translatable("Name must not be blank."), InputPath(("name",))),
        UserError(UserErrorCode.TOO_LONG, translatable("Note is too long."), InputPath(("note",))),
    ]
    rejected = InputRejected(errors)
    assert rejected.user_errors == tuple(errors)
    assert str(rejected) == "Name must not be blank.; Note is too long."
