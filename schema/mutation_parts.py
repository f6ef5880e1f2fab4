"""What mutations share: fields of their inputs, and the mistakes that every payload lists."""

from typing import Any

import strawberry

from resolvers import mutations
from schema import fields
from schema.costs import list_size
from schema.enums import UserErrorCode

IDEMPOTENCY_KEY_FIELD: Any = strawberry.field(
    default=strawberry.UNSET,
    description=(
        "A key that the client makes for one change, at most 200 characters. For 48 hours, repeating the mutation with "
        "the same key and input returns the first answer and does nothing a second time; with other input it is "
        "KEY_REUSED."
    ),
)
VERSION_INPUT: Any = strawberry.field(description="The version that the change is based on; another one is STALE.")
OPTIONAL_VERSION_INPUT: Any = strawberry.field(
    default=strawberry.UNSET,
    description=(
        "The version that the change is based on; another one is STALE. Without it, the version is not checked."
    ),
)


@strawberry.type
class UserError:
    """A mistake that the user can correct. Nothing was changed."""

    code: UserErrorCode = strawberry.field(description="The kind of the mistake.")
    message = fields.field(
        mutations.error_message, str, "A sentence that can be shown to the user, in the language of the request."
    )
    field = fields.field(
        mutations.error_field,
        list[str] | None,
        "The path from the argument inwards, with list positions as strings: input, licenses, 0, licenses.",
        list_size=list_size(10),
    )


def user_errors_field() -> Any:
    """Return the field `userErrors` of a payload; each payload needs its own."""
    return fields.field(
        mutations.user_errors,
        list[UserError],
        "The mistakes, all of them at once, at most 1,000; empty where the change was made.",
        list_size=list_size(mutations.MAX_USER_ERRORS, typical=2),
    )
