"""The state of each week with raw calls: one document per partner and week in `call_weeks`.

`version` counts the transactions that wrote raw rows of the week. A week is due for a roll-up while its version differs
from `rolled_up_version`. The version is compared and not `changed_at`, because two transactions can have the same
millisecond.
"""

from collections.abc import Iterable
from datetime import datetime

from store.database.client import IndexModel, Session, UpdateOne
from store.database.clock import utc_now
from store.database.scope import Scope

CALL_WEEKS = "call_weeks"
CALL_WEEK_INDEXES = (
    IndexModel([("partner_id", 1), ("week", 1)], name="week", unique=True),
    # The roll-up job reads these two over all partners.
    IndexModel([("week", 1)], name="all_partners"),
    IndexModel([("stale.since", 1)], name="stale", partialFilterExpression={"stale.since": {"$exists": True}}),
)


def week_id(scope: Scope, week: datetime) -> str:
    """Return the `_id` of the partner's document of a week."""
    return f"{scope.partner_id}:{week.date().isoformat()}"


async def mark_weeks_changed(scope: Scope, weeks: Iterable[datetime], session: Session) -> None:
    """Record that this transaction changes raw rows of these weeks.

    Call it before writing the rows: two transactions that write the same week conflict on its document, and the second
    one fails before it has done its work.
    """
    now = utc_now()
    inserted = {"created_at": now, "rolled_up_at": None}
    updates = [
        UpdateOne(
            {**scope.match(), "_id": week_id(scope, week)},
            {
                "$inc": {"version": 1},
                "$set": {"updated_at": now},
                "$currentDate": {"changed_at": True},
                "$setOnInsert": {**inserted, "week": week},
            },
            upsert=True,
        )
        for week in sorted(weeks)
    ]
    await scope.collection(CALL_WEEKS).bulk_write(updates, session=session)
