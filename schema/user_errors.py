"""Mistakes that a person can correct, as every payload of a mutation lists them."""

from typing import Any

import strawberry

from resolvers import mutations
from schema import fields
from schema.costs import list_size
from schema.enums import UserErrorCode


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
