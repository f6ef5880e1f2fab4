"""Events of the activity log: by their own ids, and as the logs of customers."""

from collections.abc import Sequence

from domain.paging import PageRequest
from domain.partner.activity import ActivityCondition, FieldChange
from loaders.pages import PageKey, read_pages
from loaders.relation import in_key_order
from store.database.scope import Scope
from store.events.activity import Activity, ActivityPage, EventDocument


async def read_events(scope: Scope, ids: Sequence[str]) -> list[EventDocument | None]:
    """Return the visible events by id."""
    return in_key_order(ids, await Activity(scope).by_ids(ids))


async def read_activity_pages(scope: Scope, keys: Sequence[PageKey]) -> list[ActivityPage | BaseException | None]:
    """Return pages of the logs of customers; an end page is None where the customer is not visible."""
    activity = Activity(scope)

    async def read_page(customer_id: str, request: PageRequest) -> ActivityPage:
        return await activity.page(ActivityCondition(customers=(customer_id,)), request)

    return await read_pages(keys, activity.first_pages, read_page, activity.last_pages)


async def count_customer_events(scope: Scope, customer_ids: Sequence[str]) -> list[int]:
    """Return the number of events of each customer that the caller knows to be visible."""
    counts = await Activity(scope).counts(customer_ids)
    return [counts[id_] for id_ in customer_ids]


async def read_event_changes(scope: Scope, event_ids: Sequence[str]) -> list[list[FieldChange]]:
    """Return the field changes of events that the caller knows to be visible."""
    changes = await Activity(scope).changes(event_ids)
    return [changes.get(id_, []) for id_ in event_ids]
