"""Splits a batch that cannot be written because of conflicts, so that smaller transactions meet fewer other writers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from domain.failures import OutcomeUnknown, Unavailable
from store.database.client import ConnectionFailure
from store.database.transactions import DEADLINE_SECONDS

Item = TypeVar("Item")
Result = TypeVar("Result")
# A batch of 500 customers beside 100 small writes a second committed once in 16 s; halving after 2 s ends that.
BATCH_DEADLINE_SECONDS = 2.0


def is_outage(failure: Unavailable) -> bool:
    """Return whether the database could not be reached, so that nothing else can be written either."""
    return isinstance(failure.__cause__, ConnectionFailure)


async def halve_on_conflict(
    items: Sequence[Item],
    run: Callable[[Sequence[Item], float], Awaitable[Result]],
    *,
    deadline: float = BATCH_DEADLINE_SECONDS,
    single_deadline: float = DEADLINE_SECONDS,
) -> list[Result]:
    """Call `run` with the items and a deadline in seconds; where it is Unavailable, with each half of them in turn.

    Return the results of the calls that succeeded, in the order of the items. Raise Unavailable where a single item
    fails, which has `single_deadline`; at once where the database cannot be reached, because halves cannot reach it
    either, and where the outcome is unknown, because halves would repeat what may be committed.
    """
    try:
        return [await run(items, single_deadline if len(items) <= 1 else deadline)]
    except Unavailable as error:
        if len(items) <= 1 or isinstance(error, OutcomeUnknown) or is_outage(error):
            raise
    middle = len(items) // 2
    first, second = items[:middle], items[middle:]
    results = await halve_on_conflict(first, run, deadline=deadline, single_deadline=single_deadline)
    return results + await halve_on_conflict(second, run, deadline=deadline, single_deadline=single_deadline)
