"""The calling trend of single customers: their sums of some weeks, beside their licensed users."""

from asyncio import gather
from collections.abc import Sequence
from datetime import datetime

from domain.calling.figures import CustomerCallingPoint, build_calling_point
from store.calling.dataset import match_current_sums, read_week_states
from store.calling.licensed_users import count_licensed_users
from store.calling.sums import COLLECTION
from store.database.scope import Scope


async def read_calling_trends(
    scope: Scope, weeks: Sequence[datetime], customer_ids: Sequence[str]
) -> dict[str, list[CustomerCallingPoint]]:
    """Return one point per week for each customer, in the order of the weeks; four queries for all of them."""
    states = await read_week_states(scope, weeks)
    where = {**match_current_sums(scope, states.values()), "customer_id": {"$in": list(customer_ids)}}
    documents, licensed = await gather(
        scope.collection(COLLECTION).find(where), count_licensed_users(scope, weeks, customer_ids)
    )
    sums = {(document["customer_id"], document["week"]): document for document in documents}
    return {
        id_: [build_calling_point(week, sums.get((id_, week), {}), licensed[id_, week]) for week in weeks]
        for id_ in customer_ids
    }
