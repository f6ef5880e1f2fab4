"""Which events of the log the activity feed selects, for which viewer."""

from datetime import timedelta
from typing import Any

import pytest

from domain.failures import BadUserInput
from domain.partner.activity import ActivityCondition
from domain.types import ActivityKind
from resolvers.activity_feeds import ACTIVITY, select_activity
from resolvers.feeds import FeedViewer
from store.feed.events import AccessGrant
from tests.resolvers.factory_feeds import COLLEAGUE, FUTURE, ME, NOW, RESTRICTED, UNRESTRICTED, event, facts

ALL = ActivityCondition()
MINE = facts(assigned=[ME], until=FUTURE)


@pytest.mark.parametrize(
    ("fields", "viewer", "required_customer_id"),
    [
        ({"customer_id": "cus_1", "actor_id": None}, UNRESTRICTED, None),
        ({"customer_id": None, "actor_id": COLLEAGUE}, UNRESTRICTED, None),
        ({"customer_id": "cus_1", "actor_id": COLLEAGUE}, RESTRICTED, "cus_1"),
        ({"customer_id": "cus_1", "actor_id": None}, RESTRICTED, "cus_1"),
        ({"customer_id": "cus_1", "actor_id": ME}, RESTRICTED, None),
        ({"customer_id": None, "actor_id": ME}, RESTRICTED, None),
    ],
)
def test_an_event_requires_a_visible_customer_where_the_viewer_is_restricted_and_did_not_act(
    fields: dict[str, Any], viewer: FeedViewer, required_customer_id: str | None
) -> None:
    change = select_activity(event(None, MINE, **fields), ALL, viewer)
    assert change is not None
    assert change.required_customer_id == required_customer_id
    assert change.access_grant == (None if required_customer_id is None else AccessGrant("cus_1", FUTURE))


@pytest.mark.parametrize("actor_id", [None, COLLEAGUE])
def test_a_restricted_viewer_reads_no_event_of_others_without_a_customer(actor_id: str | None) -> None:
    assert select_activity(event(customer_id=None, actor_id=actor_id), ALL, RESTRICTED) is None


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (ActivityCondition(kinds=(ActivityKind.STATUS_CHANGED,)), True),
        (ActivityCondition(kinds=(ActivityKind.TAG_CREATED,)), False),
        (ActivityCondition(actors=(ME,)), True),
        (ActivityCondition(actors=(COLLEAGUE,)), False),
        (ActivityCondition(customers=("cus_1", "cus_2")), True),
        (ActivityCondition(customers=()), False),
        (ActivityCondition(since=NOW, until=NOW + timedelta(seconds=1)), True),
        (ActivityCondition(since=NOW + timedelta(milliseconds=1)), False),
        (ActivityCondition(until=NOW), False),
    ],
)
def test_follows_the_filter(condition: ActivityCondition, expected: bool) -> None:
    assert (select_activity(event(actor_id=ME), condition, UNRESTRICTED) is not None) is expected


def test_a_change_shows_the_event_as_the_list_does() -> None:
    change = select_activity(event(actor_id=ME), ALL, UNRESTRICTED)
    assert change is not None
    shown = change.event
    assert (shown.id, shown.kind, shown.at) == ("evt_1", ActivityKind.STATUS_CHANGED, NOW)
    assert (shown.actor_id, shown.customer_id, shown.subject_id) == (ME, "cus_1", "cus_1")
    assert shown.summary == "Acme is now on trial"


def test_rejects_a_filter_with_too_many_values() -> None:
    assert ACTIVITY.parse(filter={"actor": [f"adm_{n}" for n in range(100)]}) is not None
    with pytest.raises(BadUserInput):
        ACTIVITY.parse(filter={"actor": [f"adm_{n}" for n in range(101)]})
