"""What a person can put right in a mutation's input, as data."""

from dataclasses import dataclass
from enum import StrEnum


class UserErrorCode(StrEnum):
    """What kind of mistake it is."""

    BLANK = "BLANK"
    TOO_LONG = "TOO_LONG"
    INVALID = "INVALID"
    TAKEN = "TAKEN"
    NOT_FOUND = "NOT_FOUND"
    STALE = "STALE"
    KEY_REUSED = "KEY_REUSED"
    TRIAL_RUNNING = "TRIAL_RUNNING"
    TRIAL_TOO_LONG = "TRIAL_TOO_LONG"
    LIMIT_REACHED = "LIMIT_REACHED"
    LAST_FULL_ADMINISTRATOR = "LAST_FULL_ADMINISTRATOR"
    WRONG_STATE = "WRONG_STATE"


@dataclass(frozen=True, slots=True)
class UserError:
    """One mistake: a sentence, and the path of the field from the argument inwards, in the API's spelling."""

    code: UserErrorCode
    message: str
    field: tuple[str, ...] | None = None
