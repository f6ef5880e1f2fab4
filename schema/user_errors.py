"""Mistakes that a person can correct, as every payload of a mutation lists them."""

from typing import Any

import strawberry

from resolvers import mutations
from schema import fields
from schema.enums import UserErrorCode


@strawberry.type(description="A mistake that the person at the keyboard can put right. Nothing was changed.")
class UserError:
    """One mistake; a payload lists all of them."""

    code: UserErrorCode
    message: str
    field = fields.field(
        mutations.error_field,
        list[str] | None,
        "Path from the argument inwards, list positions as strings: input, licenses, 0, licenses.",
    )


def user_errors_field() -> Any:
    """Return the field `userErrors` of a payload; each payload needs its own."""
    return fields.field(mutations.user_errors, list[UserError])
