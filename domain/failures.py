"""Everything that can go wrong, as one tree; each failure builds its own sentence.

Failure
├── OperatorError            the person at the command line can put it right
├── RequestFailure           a coded error of the API (`code` goes to errors[].extensions.code)
│   ├── Unauthenticated      UNAUTHENTICATED
│   ├── Forbidden            FORBIDDEN, with extensions.permission
│   ├── BadUserInput         BAD_USER_INPUT
│   ├── InvalidCursor        INVALID_CURSOR
│   ├── CursorExpired        CURSOR_EXPIRED
│   ├── QueryTooComplex      QUERY_TOO_COMPLEX
│   ├── TermsNotAccepted     TERMS_NOT_ACCEPTED
│   └── Unavailable          UNAVAILABLE
├── InputRejected            a mutation's input that a person can put right: `userErrors` of its payload
├── InvalidRecord            one line of an import: field and reason
└── InvalidStream            a whole stream of an import, before any of its lines
"""

from collections.abc import Sequence

from domain.permissions import Permission
from domain.user_errors import UserError


class Failure(Exception):
    """The root: whatever this project raises on purpose."""


class OperatorError(Failure):
    """What stops a command, in a sentence that says what to do."""


class RequestFailure(Failure):
    """An error of the API that carries a code."""

    code = "INTERNAL"

    @property
    def extensions(self) -> dict[str, object]:
        """What errors[].extensions shows beside the message."""
        return {"code": self.code}


class Unauthenticated(RequestFailure):
    """No token, or one that is not accepted."""

    code = "UNAUTHENTICATED"


class Forbidden(RequestFailure):
    """The viewer's role lacks a permission."""

    code = "FORBIDDEN"

    def __init__(self, permission: Permission) -> None:
        super().__init__(f"Your role does not have the permission {permission}.")
        self.permission = permission

    @property
    def extensions(self) -> dict[str, object]:
        return {"code": self.code, "permission": str(self.permission)}


class BadUserInput(RequestFailure):
    """An argument that cannot be meant."""

    code = "BAD_USER_INPUT"


class InvalidCursor(RequestFailure):
    """A cursor that this server did not give, or gave for something else."""

    code = "INVALID_CURSOR"

    def __init__(self, message: str = "This cursor does not belong to this list or feed.") -> None:
        super().__init__(message)


class CursorExpired(RequestFailure):
    """A feed's cursor that lies before what the database still remembers."""

    code = "CURSOR_EXPIRED"

    def __init__(self) -> None:
        super().__init__("This cursor is too old: fetch again, and go on from that answer's feedCursor.")


class QueryTooComplex(RequestFailure):
    """An operation that asks for more than one request may."""

    code = "QUERY_TOO_COMPLEX"


class TermsNotAccepted(RequestFailure):
    """A mutation of an organization that has not accepted the terms of service yet."""

    code = "TERMS_NOT_ACCEPTED"

    def __init__(self) -> None:
        super().__init__("Your organization has not accepted the terms of service yet: begin with acceptTerms.")


class Unavailable(RequestFailure):
    """The database did not answer in time; trying again is safe."""

    code = "UNAVAILABLE"

    def __init__(self, message: str = "The database does not answer at the moment; try again.") -> None:
        super().__init__(message)


class InputRejected(Failure):
    """Mistakes in a mutation's input, all of them; nothing was changed."""

    def __init__(self, user_errors: Sequence[UserError]) -> None:
        super().__init__("; ".join(error.message for error in user_errors))
        self.user_errors = tuple(user_errors)


class InvalidRecord(Failure):
    """One line of an import that was not taken: which field, and why."""

    def __init__(self, field: str | None, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class InvalidStream(Failure):
    """A stream of an import whose lines cannot be read, in a sentence that says why."""
