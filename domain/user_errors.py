"""Mistakes in a mutation's input that a person can correct, as data."""

from enum import StrEnum

from msgspec import Struct

from domain.messages import Message


class UserErrorCode(StrEnum):
    """The kinds of mistakes."""

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


class InputPath(Struct, frozen=True):
    """The place of a field in the input: attribute names and list positions from the input inwards.

    An empty path names the input as a whole. Only `domain.text.api_names` knows how the API spells a path.
    """

    steps: tuple[str | int, ...] = ()


class UserError(Struct, frozen=True):
    """One mistake: its kind, a sentence for the person in any language, and the field in which it is."""

    code: UserErrorCode
    message: Message
    path: InputPath
