"""The field that all inputs of mutations share."""

from typing import Any

import strawberry

IDEMPOTENCY_KEY_FIELD: Any = strawberry.field(
    default=strawberry.UNSET,
    description=(
        "For 48 hours, repeating a mutation with the same key returns the first answer and does nothing twice. "
        "Every input has one."
    ),
)
