"""Which weeks have raw calls, and which of them changed since they were summed up: one document a partner and week.

`version` counts the transactions that wrote raw rows of the week. It is the safe answer to "did anything change
since?", because two transactions can fall into one millisecond of `changed_at`; a reader that finds the version it
has summed up already has missed nothing.
"""

from collections.abc import Iterable
from datetime import datetime

from store.database.client import IndexModel, Session, UpdateOne
from store.database.clock import utc_now
from store.database.scope import Scope

CALL_WEEKS = "call_weeks"
CALL_WEEK_INDEXES = (
    IndexModel([("partner_id", 1), ("week", 1)], name="week", unique=True),
    # Those of the job that rolls up, which asks for all partners.
    IndexModel([("week", 1)], name="all_partners"),
    IndexModel([("stale.since", 1)], name="stale", partialFilterExpression={"stale.since": {"$exists": True}}),
)


def week_id(scope: Scope, week: datetime) -> str:
    """The `_id` of the partner's document of a week."""
    return f"{scope.partner_id}:{week.date().isoformat()}"


async def mark_weeks_changed(scope: Scope, weeks: Iterable[datetime], session: Session) -> None:
    """Says that raw rows of these weeks change in this transaction.

    Call it before the rows are written: writers of one week exclude each other by its document, and whoever comes
    second learns it before they have done the work.
    """
    now = utc_now()
    new = {"created_at": now, "rolled_up_at": None}
    marks = [
        UpdateOne(
            {**scope.match(), "_id": week_id(scope, week)},
            {
                "$inc": {"version": 1},
                "$set": {"updated_at": now},
                "$currentDate": {"changed_at": True},
                "$setOnInsert": {**new, "week": week},
            },
            upsert=True,
        )
        for week in sorted(weeks)
    ]
    await scope.collection(CALL_WEEKS).bulk_write(marks, session=session)
