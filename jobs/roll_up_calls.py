"""Rolls up the calls of ended weeks, and of weeks that late data changed."""

from prometheus_client import Counter

from domain.failures import Unavailable
from store.calling.due_weeks import delete_stale_sums, find_due_weeks
from store.calling.roll_up import roll_up_week
from store.database.client import Client, PyMongoError
from store.database.clock import utc_now
from store.database.scope import Scope

_WEEKS_PER_RUN = 20
_DONE = Counter("partnerhub_call_weeks_total", "Weeks of partners whose calls were rolled up")


async def roll_up_calls(client: Client) -> int:
    """Roll up due weeks, but wait until an import that is running pauses; return how many weeks."""
    return await _roll_up(client, is_debounced=True)


async def roll_up_calls_now(client: Client) -> int:
    """Roll up every due week, for the command line; return how many weeks."""
    return await _roll_up(client, is_debounced=False)


async def _roll_up(client: Client, *, is_debounced: bool) -> int:
    """Roll up the weeks; a failure of one partner is raised after the others are done."""
    now = utc_now()
    done, failures = 0, []
    for partner_id, week in await find_due_weeks(client, now, _WEEKS_PER_RUN, is_debounced=is_debounced):
        try:
            done += await roll_up_week(Scope(client, partner_id, now), week)
        except (PyMongoError, Unavailable) as failure:
            failures.append(failure)
    _DONE.inc(done)
    await delete_stale_sums(client, now)
    if failures:
        raise ExceptionGroup("Some weeks could not be rolled up.", failures)
    return done
