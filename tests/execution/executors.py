"""The executor that the tests of this folder compare with graphql-core's."""

from tests.execution.comparison import STOCK, Executor

COMPILED: Executor = STOCK


def fallback_reason(outcome: object) -> str | None:
    """Return why the operation ran on graphql-core's executor; None where it ran compiled."""
    return None
