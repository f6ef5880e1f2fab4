"""A mutation's input as it is read: every mistake in it is collected, and all are told at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from domain.failures import InputRejected
from domain.text.normalization import InvalidCharacter, clean_line, clean_lines
from domain.user_errors import UserError, UserErrorCode

MAX_IDS = 500
MAX_KEY_LENGTH = 200
_C = UserErrorCode
Value = TypeVar("Value")


@dataclass(slots=True)
class InputChecks:
    """Reads the input of one mutation; `errors` grows, and `raise_if_invalid` rejects the mutation with all of them.

    Fields are named in Python's spelling and told in the API's. A reader answers None where the field is bad,
    so that the rest can still be read.
    """

    input: Mapping[str, Any]
    errors: list[UserError] = field(default_factory=list)

    def add(self, code: UserErrorCode, message: str, *path: str | int) -> None:
        """One mistake, at a path below the input."""
        self.errors.append(UserError(code, message, ("input", *(api_name(str(step)) for step in path))))

    def raise_if_invalid(self) -> None:
        """Rejects the mutation where there was any mistake."""
        if self.errors:
            raise self.build_rejection()

    def build_rejection(self) -> InputRejected:
        """The rejection with every mistake so far, to be raised where nothing more can be judged."""
        return InputRejected(self.errors)

    def require(self, value: Value | None) -> Value:
        """A value that was read, once nothing was wrong; InputRejected otherwise."""
        self.raise_if_invalid()
        if value is None:
            raise ValueError("A reader that answers None must have added a mistake.")
        return value

    def is_given(self, name: str) -> bool:
        """Whether the field was given, be it null: an absent one keeps what is there."""
        return name in self.input

    def read_line(self, name: str, longest: int, what: str) -> str | None:
        """A text of one line that must say something; `what` begins the sentences: `The tag's name`."""
        return self.read_line_at(self.input.get(name), longest, what, name)

    def read_line_at(self, value: str | None, longest: int, what: str, *path: str | int) -> str | None:
        """The same for a value that stands deeper in the input."""
        return self._text(value, longest, what, path, is_multiline=False)

    def read_lines(self, name: str, longest: int, what: str) -> str | None:
        """A text that must say something and may have several lines."""
        return self._text(self.input.get(name), longest, what, (name,), is_multiline=True)

    def read_optional_lines(self, name: str, longest: int, what: str) -> str | None:
        """A text of several lines that null or blank clears."""
        value = self.input.get(name)
        if value is None or not value.strip():
            return None
        return self._text(value, longest, what, (name,), is_multiline=True)

    def _text(
        self, value: str | None, longest: int, what: str, path: Sequence[str | int], *, is_multiline: bool
    ) -> str | None:
        if value is None:
            self.add(_C.INVALID, f"{what} cannot be removed.", *path)
            return None
        try:
            clean = clean_lines(value) if is_multiline else clean_line(value)
        except InvalidCharacter as bad:
            self.add(_C.INVALID, f"{what} contains a character that is no text: {bad.name}.", *path)
            return None
        if not clean:
            self.add(_C.BLANK, f"{what} is blank.", *path)
        elif len(clean) > longest:
            self.add(_C.TOO_LONG, f"{what} has {len(clean)} characters; at most {longest} fit.", *path)
        else:
            return clean
        return None

    def read_number(self, value: Any, lowest: int, highest: int, what: str, *path: str | int) -> int | None:
        """A number within its bounds."""
        if isinstance(value, int) and lowest <= value <= highest:
            return value
        self.add(_C.INVALID, f"{what} must be a number from {lowest:,} to {highest:,}.", *path)
        return None

    def read_ids(self, values: Sequence[str], what: str, *path: str | int, most: int = MAX_IDS) -> list[str] | None:
        """A list of ids, each once; `what` is their plural: `customers`."""
        if not values:
            self.add(_C.INVALID, f"Choose at least one of the {what}.", *path)
        elif len(values) > most:
            self.add(_C.LIMIT_REACHED, f"At most {most} {what} may be given at once; these are {len(values)}.", *path)
        elif len(set(values)) < len(values):
            position = next(n for n, value in enumerate(values) if value in values[:n])
            self.add(_C.INVALID, f"The {what} must be given once each; this one came before.", *path, position)
        else:
            return list(values)
        return None

    def check_version(self, stored: int, what: str) -> None:
        """STALE where the object changed since the version that was given; an absent one asks nothing."""
        given = self.input.get("version")
        if given is not None and given != stored:
            message = f"{what} was changed since version {given}: it is at version {stored} now. Read it again."
            self.add(_C.STALE, message, "version")

    def add_not_found(self, what: str, *path: str | int) -> None:
        """NOT_FOUND, in the same words whether it is nobody's or somebody else's."""
        self.add(_C.NOT_FOUND, f"There is no such {what}.", *path)


def api_name(name: str) -> str:
    """A field's name in the API's spelling: `external_id` is `externalId`."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def idempotency_key(given: Mapping[str, Any]) -> str | None:
    """The input's key, which is kept as it was given; InputRejected where it is blank or too long."""
    key = given.get("idempotency_key")
    if key is None:
        return None
    checks = InputChecks(given)
    if not key.strip():
        checks.add(_C.BLANK, "The idempotency key is blank: leave it out, or give one of your own.", "idempotency_key")
    elif len(key) > MAX_KEY_LENGTH:
        message = f"The idempotency key has {len(key)} characters; at most {MAX_KEY_LENGTH} fit."
        checks.add(_C.TOO_LONG, message, "idempotency_key")
    checks.raise_if_invalid()
    return str(key)
