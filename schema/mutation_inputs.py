"""The fields that inputs of mutations share."""

from typing import Any

import strawberry

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
