"""Checks of a mutation's input: the value or a mistake with its code, sentence and path."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.failures import InputRejected
from domain.inputs import ABSENT, Omittable
from domain.languages.languages import Language
from domain.languages.rendering import render_message
from domain.messages import Message, translatable
from domain.text.input_checks import MAX_IDS, MAX_KEY_LENGTH, InputChecks, check_idempotency_key
from domain.user_errors import InputPath, UserError, UserErrorCode

_C = UserErrorCode


NAME, DESCRIPTION, NUMBER = (translatable(f"The {noun}") for noun in ("name", "description", "number"))
TAGS, TAG = translatable("tags"), translatable("tag")


def english(message: Message) -> str:
    return render_message(message, Language.ENGLISH)


def mistakes(checks: InputChecks) -> list[tuple[str, str, tuple[str | int, ...]]]:
    return [(error.code, english(error.message), error.path.steps) for error in checks.errors]


def test_a_line_is_returned_clean() -> None:
    checks = InputChecks()
    assert checks.read_line("  Gold\n EMEA ", 9, NAME, "name") == "Gold EMEA"
    assert checks.errors == []


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        (None, _C.INVALID, "The name cannot be removed."),
        (ABSENT, _C.INVALID, "The name cannot be removed."),
        ("", _C.BLANK, "The name is blank."),
        (" \u200b\t", _C.BLANK, "The name is blank."),
        ("\u3164 \u2800", _C.BLANK, "The name is blank."),
        ("four!", _C.TOO_LONG, "The name has 5 characters; at most 4 fit."),
        ("a\0", _C.INVALID, "The name contains a character that is no text: a control character (U+0000)."),
    ],
)
def test_a_bad_text_is_a_mistake_at_its_path(value: Omittable[str], code: UserErrorCode, message: str) -> None:
    for read in (InputChecks.read_line, InputChecks.read_lines):
        checks = InputChecks()
        assert read(checks, value, 4, NAME, "customer", "new", "name") is None
        assert mistakes(checks) == [(code, message, ("customer", "new", "name"))]


def test_a_text_of_several_lines_keeps_them() -> None:
    assert InputChecks().read_lines("a \n\n b", 10, translatable("The message"), "message") == "a\n\n b"


@pytest.mark.parametrize("value", [ABSENT, None, "", " \n "])
def test_an_optional_text_may_be_missing(value: Omittable[str]) -> None:
    checks = InputChecks()
    assert checks.read_optional_lines(value, 10, DESCRIPTION, "description") is None
    assert checks.errors == []


def test_an_optional_text_is_checked_where_it_is_given() -> None:
    checks = InputChecks()
    assert checks.read_optional_lines(" a\nb", 3, DESCRIPTION, "description") == "a\nb"
    assert checks.read_optional_lines("abcd", 3, DESCRIPTION, "description") is None
    assert mistakes(checks) == [
        (_C.TOO_LONG, "The description has 4 characters; at most 3 fit.", ("description",)),
    ]


@pytest.mark.parametrize("value", [1, 2, 1_000])
def test_a_number_within_its_bounds(value: int) -> None:
    assert InputChecks().read_number(value, 1, 1_000, NUMBER, "number") == value


@pytest.mark.parametrize("value", [0, 1_001, -(2**31)])
def test_a_number_out_of_its_bounds(value: int) -> None:
    checks = InputChecks()
    assert checks.read_number(value, 1, 1_000, NUMBER, "licenses", 3) is None
    assert mistakes(checks) == [(_C.INVALID, "The number must be a number from 1 to 1,000.", ("licenses", 3))]


def test_ids_are_returned_in_their_order() -> None:
    assert InputChecks().read_ids(("b", "a"), TAGS, "tags") == ["b", "a"]
    assert len(InputChecks().read_ids([str(n) for n in range(MAX_IDS)], TAGS, "tags") or ()) == MAX_IDS


@pytest.mark.parametrize(
    ("ids", "code", "message", "path"),
    [
        ([], _C.INVALID, "Choose at least one of the tags.", ("tags",)),
        (list("abcd"), _C.LIMIT_REACHED, "At most 3 tags may be given at once; these are 4.", ("tags",)),
        (list("aba"), _C.INVALID, "The tags must be given once each; this one came before.", ("tags", 2)),
    ],
)
def test_bad_ids_are_a_mistake(ids: list[str], code: UserErrorCode, message: str, path: tuple[Any, ...]) -> None:
    checks = InputChecks()
    assert checks.read_ids(ids, TAGS, "tags", most=3) is None
    assert mistakes(checks) == [(code, message, path)]


@pytest.mark.parametrize("version", [ABSENT, None, 3])
def test_a_version_that_is_missing_or_equal_is_no_mistake(version: Omittable[int]) -> None:
    checks = InputChecks()
    checks.check_version(version, 3, translatable("The tag"))
    assert checks.errors == []


@pytest.mark.parametrize("version", [0, 2, 4])
def test_another_version_is_stale(version: int) -> None:
    checks = InputChecks()
    checks.check_version(version, 3, translatable("The tag"))
    message = f"The tag was changed since version {version}: it is at version 3 now. Read it again."
    assert mistakes(checks) == [(_C.STALE, message, ("version",))]


def test_all_mistakes_are_raised_together() -> None:
    checks = InputChecks()
    checks.raise_if_invalid()
    checks.add_not_found(TAG, "tags", 0)
    checks.add(_C.LIMIT_REACHED, translatable("Too many."))
    with pytest.raises(InputRejected, match=r"There is no such tag\.; Too many\.") as raised:
        checks.raise_if_invalid()
    assert raised.value.user_errors == (
        UserError(_C.NOT_FOUND, translatable("There is no such {what}.", what=TAG), InputPath(("tags", 0))),
        UserError(_C.LIMIT_REACHED, translatable("Too many."), InputPath()),
    )


def test_require_returns_a_value_only_without_mistakes() -> None:
    checks = InputChecks()
    assert checks.require("Gold") == "Gold"
    with pytest.raises(ValueError, match="must have added a mistake"):
        checks.require(None)
    checks.add_not_found(TAG, "id")
    for value in ("Gold", None):
        with pytest.raises(InputRejected):
            checks.require(value)


@pytest.mark.parametrize("key", [None, "k", " k ", "x" * MAX_KEY_LENGTH])
def test_accepts_an_idempotency_key(key: str | None) -> None:
    check_idempotency_key(key)


@pytest.mark.parametrize(
    ("key", "code", "is_message"),
    [
        ("", _C.BLANK, lambda message: "is blank" in message),
        (" \t", _C.BLANK, lambda message: "is blank" in message),
        ("x" * (MAX_KEY_LENGTH + 1), _C.TOO_LONG, lambda message: "has 201 characters; at most 200 fit" in message),
    ],
)
def test_rejects_an_idempotency_key(key: str, code: UserErrorCode, is_message: Callable[[str], bool]) -> None:
    with pytest.raises(InputRejected) as raised:
        check_idempotency_key(key)
    (error,) = raised.value.user_errors
    assert (error.code, error.path) == (code, InputPath(("idempotency_key",))) and is_message(english(error.message))
