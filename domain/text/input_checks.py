"""Checks of a mutation's input. All mistakes are collected and reported together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from domain.failures import InputRejected
from domain.inputs import Omittable, value_or_none
from domain.text.normalization import InvalidCharacter, clean_line, clean_lines, has_visible_character
from domain.user_errors import InputPath, UserError, UserErrorCode

MAX_IDS = 500
MAX_KEY_LENGTH = 200
_C = UserErrorCode
Value = TypeVar("Value")


@dataclass(slots=True)
class InputChecks:
    """The mistakes of one mutation's input.

    A check takes a value and its path in the input. It returns the cleaned value, or None after it has added a
    mistake, so that the remaining fields can still be checked. `raise_if_invalid` then rejects the mutation with
    all mistakes. Argument `what` begins the sentences of the messages: `The tag's name`.
    """

    errors: list[UserError] = field(default_factory=list)

    def add(self, code: UserErrorCode, message: str, *path: str | int) -> None:
        """Add one mistake at a path below the input."""
        self.errors.append(UserError(code, message, InputPath(path)))

    def add_not_found(self, what: str, *path: str | int) -> None:
        """Add NOT_FOUND. The message is the same for an unknown id and for an object that the viewer cannot see."""
        self.add(_C.NOT_FOUND, f"There is no such {what}.", *path)

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

    def read_line(self, value: Omittable[str], longest: int, what: str, *path: str | int) -> str | None:
        """Return a text of one line that must not be blank."""
        return self._read_text(value, longest, what, path, is_multiline=False)

    def read_lines(self, value: Omittable[str], longest: int, what: str, *path: str | int) -> str | None:
        """Return a text of several lines that must not be blank."""
        return self._read_text(value, longest, what, path, is_multiline=True)

    def read_optional_lines(self, value: Omittable[str], longest: int, what: str, *path: str | int) -> str | None:
        """Return a text of several lines; None, without a mistake, where it is absent, null or blank."""
        text = value_or_none(value)
        if text is None or not text.strip():
            return None
        return self._read_text(text, longest, what, path, is_multiline=True)

    def _read_text(
        self, value: Omittable[str], longest: int, what: str, path: Sequence[str | int], *, is_multiline: bool
    ) -> str | None:
        text = value_or_none(value)
        if text is None:
            self.add(_C.INVALID, f"{what} cannot be removed.", *path)
            return None
        try:
            clean = clean_lines(text) if is_multiline else clean_line(text)
        except InvalidCharacter as invalid:
            self.add(_C.INVALID, f"{what} contains a character that is no text: {invalid.name}.", *path)
            return None
        if not has_visible_character(clean):
            self.add(_C.BLANK, f"{what} is blank.", *path)
        elif len(clean) > longest:
            self.add(_C.TOO_LONG, f"{what} has {len(clean)} characters; at most {longest} fit.", *path)
        else:
            return clean
        return None

    def read_number(self, value: int, lowest: int, highest: int, what: str, *path: str | int) -> int | None:
        """Return a number from `lowest` to `highest`."""
        if lowest <= value <= highest:
            return value
        self.add(_C.INVALID, f"{what} must be a number from {lowest:,} to {highest:,}.", *path)
        return None

    def read_ids(self, ids: Sequence[str], what: str, *path: str | int, most: int = MAX_IDS) -> list[str] | None:
        """Return a list of distinct ids; `what` is their plural: `customers`."""
        if not ids:
            self.add(_C.INVALID, f"Choose at least one of the {what}.", *path)
        elif len(ids) > most:
            self.add(_C.LIMIT_REACHED, f"At most {most} {what} may be given at once; these are {len(ids)}.", *path)
        elif len(set(ids)) < len(ids):
            position = next(n for n, id_ in enumerate(ids) if id_ in ids[:n])
            self.add(_C.INVALID, f"The {what} must be given once each; this one came before.", *path, position)
        else:
            return list(ids)
        return None

    def check_version(self, version: Omittable[int], stored: int, what: str) -> None:
        """Add STALE where the stored version is not `version`; an absent or null version is not checked."""
        expected = value_or_none(version)
        if expected is not None and expected != stored:
            message = f"{what} was changed since version {expected}: it is at version {stored} now. Read it again."
            self.add(_C.STALE, message, "version")


def check_idempotency_key(key: str | None) -> None:
    """Raise InputRejected where the key is blank or too long; None means that the client sent no key."""
    if key is None:
        return
    checks = InputChecks()
    if not key.strip():
        checks.add(_C.BLANK, "The idempotency key is blank: leave it out, or give one of your own.", "idempotency_key")
    elif len(key) > MAX_KEY_LENGTH:
        message = f"The idempotency key has {len(key)} characters; at most {MAX_KEY_LENGTH} fit."
        checks.add(_C.TOO_LONG, message, "idempotency_key")
    checks.raise_if_invalid()
