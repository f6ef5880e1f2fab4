"""The failures that this project raises on purpose, as one tree.

Failure
├── OperatorError                  stops a command of the command line
├── RequestFailure                 a coded error of the API: `code` becomes errors[].extensions.code
│   ├── Unauthenticated            UNAUTHENTICATED
│   │   ├── AdministratorNotActive     the token's administrator is missing or removed
│   │   ├── TokenOlderThanInvitation   the token's administrator was invited after it was issued
│   │   ├── TokenRevoked               the token is a service token that was revoked
│   │   └── PartnerNotFound            the token's partner is missing
│   ├── Forbidden                  FORBIDDEN, with extensions.permission
│   ├── BadUserInput               BAD_USER_INPUT
│   │   ├── NumberOutOfRange           a number outside its bounds
│   │   ├── TooManyValues              a list argument with too many values
│   │   ├── WeekNotAvailable           a date that is not the Monday of a week with figures
│   │   ├── BulkJobNotFound            no bulk job with the id is visible
│   │   ├── TextTooLong                a text in an argument that is longer than every field allows
│   │   ├── SearchTooLong              a search text with too many characters
│   │   ├── ConditionNotInFeed         a feed's filter with a condition that feeds refuse
│   │   └── FirstAndLastGiven          a page from both ends at once
│   ├── InvalidCursor              INVALID_CURSOR
│   ├── CursorExpired              CURSOR_EXPIRED
│   ├── QueryTooComplex            QUERY_TOO_COMPLEX
│   ├── TermsNotAccepted           TERMS_NOT_ACCEPTED
│   └── Unavailable                UNAVAILABLE
│       └── OutcomeUnknown         UNAVAILABLE
├── InputRejected                  a mutation's input that a person can correct: `userErrors` of its payload
├── InvalidRecord                  one record of an import: field and reason
└── InvalidStream                  a whole stream of an import, before its first record

A class with a message of its own builds it from its typed attributes. `server/graphql/errors.py` turns every
RequestFailure into a GraphQL error; any other exception becomes INTERNAL and shows no message.
"""

from collections.abc import Sequence
from datetime import date

from domain.languages.languages import Language
from domain.languages.rendering import render_message
from domain.messages import Message, translatable
from domain.permissions import Permission
from domain.user_errors import UserError


class Failure(Exception):
    """The base class of all failures."""


class OperatorError(Failure):
    """Stop a command; the message says what the operator can do."""


class RequestFailure(Failure):
    """An error of the API with a code; its message is shown to the client."""

    code = "INTERNAL"

    @property
    def extensions(self) -> dict[str, object]:
        """Return the content of errors[].extensions."""
        return {"code": self.code}


class Unauthenticated(RequestFailure):
    """The request has no token, or its token is not accepted."""

    code = "UNAUTHENTICATED"


class AdministratorNotActive(Unauthenticated):
    """The token is valid, but its administrator does not exist or was removed."""

    def __init__(self) -> None:
        super().__init__("The administrator of this token does not exist or has been removed.")


class TokenOlderThanInvitation(Unauthenticated):
    """The token was issued before its administrator was invited, perhaps again after a removal."""

    def __init__(self) -> None:
        super().__init__("This token was issued before you were invited: sign in again.")


class TokenRevoked(Unauthenticated):
    """The token is a service token that was revoked, or whose record was deleted."""

    def __init__(self) -> None:
        super().__init__("This token has been revoked.")


class PartnerNotFound(Unauthenticated):
    """The token is valid, but its partner organization does not exist."""

    def __init__(self) -> None:
        super().__init__("The partner organization of this token no longer exists.")


class Forbidden(RequestFailure):
    """The viewer's role lacks a permission."""

    code = "FORBIDDEN"

    def __init__(self, permission: Permission) -> None:
        super().__init__(f"Your role does not have the permission {permission}.")
        self.permission = permission

    @property
    def extensions(self) -> dict[str, object]:
        """Return the code and the missing permission."""
        return {"code": self.code, "permission": str(self.permission)}


class BadUserInput(RequestFailure):
    """An argument has a value that the API does not accept; where it is part of an input, `message` is a user error."""

    code = "BAD_USER_INPUT"

    def __init__(self, message: Message) -> None:
        super().__init__(render_message(message, Language.ENGLISH))
        self.message = message


class NumberOutOfRange(BadUserInput):
    """A number argument is outside its bounds, which are inclusive."""

    def __init__(self, argument: str, lowest: int, highest: int, number: int) -> None:
        super().__init__(
            translatable(
                "{argument} is a number from {lowest} to {highest}; this is {number}.",
                argument=argument,
                lowest=lowest,
                highest=highest,
                number=number,
            )
        )
        self.argument = argument
        self.lowest = lowest
        self.highest = highest
        self.number = number


class TooManyValues(BadUserInput):
    """A list argument has more values than allowed."""

    def __init__(self, argument: str, limit: int, count: int) -> None:
        super().__init__(
            translatable(
                "{argument} takes at most {limit} values; these are {given}.",
                argument=argument,
                limit=limit,
                given=count,
            )
        )
        self.argument = argument
        self.limit = limit
        self.count = count


class ConditionNotInFeed(BadUserInput):
    """A feed's filter has a condition whose result can change by time alone, or by another customer."""

    def __init__(self, condition: str) -> None:
        super().__init__(
            translatable(
                "{condition} cannot be used in a feed: time alone or another customer would change its answer. "
                "Leave it out.",
                condition=condition,
            )
        )
        self.condition = condition


class WeekNotAvailable(BadUserInput):
    """A date argument is not a Monday from `first` to `last`."""

    def __init__(self, argument: str, first: date, last: date, given: date) -> None:
        weekday = f"{given:%A}"
        super().__init__(
            translatable(
                "{argument} is a Monday from {first} to {last}; this is {weekday}, {given}.",
                argument=argument,
                first=first,
                last=last,
                weekday=weekday,
                given=given,
            )
        )
        self.argument = argument
        self.first = first
        self.last = last
        self.given = given


class TextTooLong(BadUserInput):
    """A text in an argument is longer than any argument or field allows; `path` is its place in the API's spelling."""

    def __init__(self, path: str, limit: int, length: int) -> None:
        super().__init__(
            translatable(
                "{argument} has {length} characters; a text has at most {limit}.",
                argument=path,
                length=length,
                limit=limit,
            )
        )
        self.path = path
        self.limit = limit
        self.length = length


class SearchTooLong(BadUserInput):
    """A search text has more characters than allowed."""

    def __init__(self, limit: int, length: int) -> None:
        super().__init__(
            translatable("A search has at most {limit} characters; this one has {length}.", limit=limit, length=length)
        )
        self.limit = limit
        self.length = length


class BulkJobNotFound(BadUserInput):
    """No bulk job with the given id is visible to the viewer."""

    def __init__(self) -> None:
        super().__init__(translatable("No bulk job with this id exists."))


class FirstAndLastGiven(BadUserInput):
    """A page is requested from both ends of its list."""

    def __init__(self) -> None:
        super().__init__(translatable("Ask for the first or for the last, not for both."))


class InvalidCursor(RequestFailure):
    """The cursor was not issued by this installation, or was issued for another list or feed."""

    code = "INVALID_CURSOR"

    def __init__(self, message: str = "This cursor does not belong to this list or feed.") -> None:
        super().__init__(message)


class CursorExpired(RequestFailure):
    """A feed's cursor is older than the log that the database still holds."""

    code = "CURSOR_EXPIRED"

    def __init__(self) -> None:
        super().__init__("This cursor is too old: fetch again, and go on from that answer's feedCursor.")


class QueryTooComplex(RequestFailure):
    """An operation exceeds one of the limits on size, depth or cost."""

    code = "QUERY_TOO_COMPLEX"


class TermsNotAccepted(RequestFailure):
    """The partner organization has not accepted the terms of service, which this mutation requires."""

    code = "TERMS_NOT_ACCEPTED"

    def __init__(self) -> None:
        super().__init__("Your organization has not accepted the terms of service yet: begin with acceptTerms.")


class Unavailable(RequestFailure):
    """The database did not answer in time; the client can safely retry."""

    code = "UNAVAILABLE"

    def __init__(self, message: str = "The database does not answer at the moment; try again.") -> None:
        super().__init__(message)


class OutcomeUnknown(Unavailable):
    """The database did not say whether it committed a transaction: to repeat it may repeat its effects."""


class InputRejected(Failure):
    """A mutation's input has errors; `user_errors` lists all of them, and nothing was changed."""

    def __init__(self, user_errors: Sequence[UserError]) -> None:
        super().__init__("; ".join(render_message(error.message, Language.ENGLISH) for error in user_errors))
        self.user_errors = tuple(user_errors)


class InvalidRecord(Failure):
    """One record of an import is rejected; `field` is None where the reason concerns the whole record."""

    def __init__(self, field: str | None, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


class InvalidStream(Failure):
    """A stream of an import cannot be read; the message says why."""
