"""Checks of a mutation's input. All mistakes are collected and reported together."""

from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct, field

from domain.failures import InputRejected
from domain.inputs import Omittable, value_or_none
from domain.messages import Message, translatable, translatable_plural
from domain.text.limits import MAX_MARKS, MAX_RAW_LENGTH, TooManyMarks, find_long_texts, raw_limit
from domain.text.normalization import InvalidCharacter, clean_line, clean_lines, has_visible_character
from domain.user_errors import InputPath, UserError, UserErrorCode

MAX_IDS = 500
MAX_KEY_LENGTH = 200
_C = UserErrorCode
Value = TypeVar("Value")


class InputChecks(Struct):
    """The mistakes of one mutation's input.

    A check takes a value and its path in the input. It returns the cleaned value, or None after it has added a
    mistake, so that the remaining fields can still be checked. `raise_if_invalid` then rejects the mutation with
    all mistakes. Argument `what` begins the sentences of the messages: `The tag's name`.
    """

    errors: list[UserError] = field(default_factory=list)

    def add(self, code: UserErrorCode, message: Message, *path: str | int) -> None:
        """Add one mistake at a path below the input."""
        self.errors.append(UserError(code, message, InputPath(path)))

    def add_not_found(self, what: Message, *path: str | int) -> None:
        """Add NOT_FOUND. The message is the same for an unknown id and for an object that the viewer cannot see."""
        self.add(_C.NOT_FOUND, translatable("There is no such {what}.", what=what), *path)

    def raise_if_invalid(self) -> None:
        """Raise InputRejected where a mistake was added."""
        if self.errors:
            raise self.build_rejection()

    def build_rejection(self) -> InputRejected:
        """Return the rejection with all mistakes so far, for a caller that cannot continue its checks."""
        return InputRejected(self.errors)

    def require(self, value: Value | None) -> Value:
        """Return a checked value; raise InputRejected where any mistake was added."""
        self.raise_if_invalid()
        if value is None:
            raise ValueError("A check that returns None must have added a mistake.")
        return value

    def read_line(self, value: Omittable[str], longest: int, what: Message, *path: str | int) -> str | None:
        """Return a text of one line that must not be blank."""
        return self._read_text(value, longest, what, path, is_multiline=False)

    def read_lines(self, value: Omittable[str], longest: int, what: Message, *path: str | int) -> str | None:
        """Return a text of several lines that must not be blank."""
        return self._read_text(value, longest, what, path, is_multiline=True)

    def read_optional_lines(self, value: Omittable[str], longest: int, what: Message, *path: str | int) -> str | None:
        """Return a text of several lines; None, without a mistake, where it is absent, null or blank."""
        text = value_or_none(value)
        if text is None or not text.strip():
            return None
        return self._read_text(text, longest, what, path, is_multiline=True)

    def _read_text(
        self, value: Omittable[str], longest: int, what: Message, path: Sequence[str | int], *, is_multiline: bool
    ) -> str | None:
        text = value_or_none(value)
        if text is None:
            self.add(_C.INVALID, translatable("{what} cannot be removed.", what=what), *path)
            return None
        if len(text) > raw_limit(longest):
            self.add(_C.TOO_LONG, _too_long(what, len(text), longest), *path)
            return None
        try:
            clean = clean_lines(text) if is_multiline else clean_line(text)
        except (InvalidCharacter, TooManyMarks) as invalid:
            self.add(_C.INVALID, _no_text(what, invalid), *path)
            return None
        if not has_visible_character(clean):
            self.add(_C.BLANK, translatable("{what} is blank.", what=what), *path)
        elif len(clean) > longest:
            self.add(_C.TOO_LONG, _too_long(what, len(clean), longest), *path)
        else:
            return clean
        return None

    def read_number(self, value: int, lowest: int, highest: int, what: Message, *path: str | int) -> int | None:
        """Return a number from `lowest` to `highest`."""
        if lowest <= value <= highest:
            return value
        message = translatable(
            "{what} must be a number from {lowest} to {highest}.", what=what, lowest=lowest, highest=highest
        )
        self.add(_C.INVALID, message, *path)
        return None

    def read_ids(self, ids: Sequence[str], what: Message, *path: str | int, most: int = MAX_IDS) -> list[str] | None:
        """Return a list of distinct ids; `what` is their plural: `customers`."""
        if not ids:
            self.add(_C.INVALID, translatable("Choose at least one of the {what}.", what=what), *path)
        elif len(ids) > most:
            message = translatable(
                "At most {most} {what} may be given at once; these are {given}.", most=most, what=what, given=len(ids)
            )
            self.add(_C.LIMIT_REACHED, message, *path)
        elif len(set(ids)) < len(ids):
            position = next(n for n, id_ in enumerate(ids) if id_ in ids[:n])
            message = translatable("The {what} must be given once each; this one came before.", what=what)
            self.add(_C.INVALID, message, *path, position)
        else:
            return list(ids)
        return None

    def check_version(self, version: Omittable[int], stored: int, what: Message) -> None:
        """Add STALE where the stored version is not `version`; an absent or null version is not checked."""
        expected = value_or_none(version)
        if expected is not None and expected != stored:
            message = translatable(
                "{what} was changed since version {expected}: it is at version {stored} now. Read it again.",
                what=what,
                expected=expected,
                stored=stored,
            )
            self.add(_C.STALE, message, "version")


def _too_long(what: Message, length: int, longest: int) -> Message:
    return translatable_plural(
        "{what} has {count} character; at most {longest} fit.",
        "{what} has {count} characters; at most {longest} fit.",
        length,
        what=what,
        longest=longest,
    )


def _no_text(what: Message, invalid: InvalidCharacter | TooManyMarks) -> Message:
    if isinstance(invalid, TooManyMarks):
        return translatable("{what} has more than {most} combining marks in a row.", what=what, most=MAX_MARKS)
    return translatable(
        "{what} contains a character that is no text: {character}.", what=what, character=invalid.description
    )


def check_text_lengths(input: object) -> None:
    """Raise InputRejected where any text of an input is longer than every field allows; called before other checks."""
    checks = InputChecks()
    for path, length in find_long_texts(input):
        checks.add(_C.TOO_LONG, _too_long(translatable("This text"), length, MAX_RAW_LENGTH), *path)
    checks.raise_if_invalid()


def check_idempotency_key(key: str | None) -> None:
    """Raise InputRejected where the key is blank or too long; None means that the client sent no key."""
    if key is None:
        return
    checks = InputChecks()
    if not key.strip():
        message = translatable("The idempotency key is blank: leave it out, or give one of your own.")
        checks.add(_C.BLANK, message, "idempotency_key")
    elif len(key) > MAX_KEY_LENGTH:
        message = _too_long(translatable("The idempotency key"), len(key), MAX_KEY_LENGTH)
        checks.add(_C.TOO_LONG, message, "idempotency_key")
    checks.raise_if_invalid()
