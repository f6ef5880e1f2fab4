"""What a person can put right, as every payload of a mutation tells it."""

import strawberry

from schema.enums import UserErrorCode


@strawberry.type(description="A mistake that the person at the keyboard can put right. Nothing was changed.")
class UserError:
    """One of the mistakes; all of them are told at once."""

    code: UserErrorCode
    message: str
    field: list[str] | None = strawberry.field(
        description="Path from the argument inwards, list positions as strings: input, licenses, 0, licenses."
    )
