"""What an event means to a filtered list: entered, updated, left or nothing."""

from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.customers.conditions import AllOf
from domain.customers.matching import matches
from resolvers.feeds import FeedViewer, parse_feed_filter
from resolvers.list_feeds import CustomerListChange, ListChangeKind, changed_customer, select_list_change
from store.feed.events import AccessGrant, EventFacts
from tests.resolvers.factory_feeds import COLLEAGUE, FUTURE, ME, PAST, RESTRICTED, UNRESTRICTED, event, facts

SECOND = timedelta(seconds=1)
ALL = AllOf(())
FRENCH = parse_feed_filter({"country": ["FR"]})
IN_FRANCE, IN_GERMANY = facts("country:FR"), facts("country:DE")
MINE, THEIRS = facts(assigned=[ME]), facts(assigned=[COLLEAGUE])
EXPIRED, LASTING = facts(assigned=[ME], until=PAST), facts(assigned=[ME], until=FUTURE)
ENTERED, UPDATED, LEFT = ListChangeKind.ENTERED, ListChangeKind.UPDATED, ListChangeKind.LEFT


def kind_of(
    before: EventFacts | None, after: EventFacts | None, condition: AllOf, viewer: FeedViewer
) -> ListChangeKind | None:
    change = select_list_change(event(before, after), condition, viewer)
    return None if change is None else change.kind


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, IN_FRANCE, ENTERED),
        (IN_GERMANY, IN_FRANCE, ENTERED),
        (IN_FRANCE, IN_FRANCE, UPDATED),
        (IN_FRANCE, IN_GERMANY, LEFT),
        (IN_FRANCE, None, LEFT),
        (IN_GERMANY, IN_GERMANY, None),
        (None, IN_GERMANY, None),
        (IN_GERMANY, None, None),
        (None, None, None),
    ],
)
def test_follows_the_filter(
    before: EventFacts | None, after: EventFacts | None, expected: ListChangeKind | None
) -> None:
    assert kind_of(before, after, FRENCH, UNRESTRICTED) is expected


def test_a_first_tag_and_a_later_sign_in_move_a_customer() -> None:
    tagged, untagged = facts("tag:a", "has_tags:yes"), facts("has_tags:no")
    with_tags = parse_feed_filter({"has_tags": True})
    assert kind_of(untagged, tagged, with_tags, UNRESTRICTED) is ENTERED
    assert kind_of(tagged, untagged, with_tags, UNRESTRICTED) is LEFT
    quiet = parse_feed_filter({"last_administrator_sign_in_at": {"until": PAST}})
    before, after = (replace(facts(), last_administrator_sign_in_at=moment) for moment in (PAST - 2 * SECOND, PAST))
    assert kind_of(before, after, quiet, UNRESTRICTED) is LEFT
    assert kind_of(facts(), facts(), quiet, UNRESTRICTED) is None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (THEIRS, MINE, ENTERED),
        (None, MINE, ENTERED),
        (MINE, MINE, UPDATED),
        (MINE, LASTING, UPDATED),
        (MINE, THEIRS, LEFT),
        (MINE, facts(), LEFT),
        (THEIRS, THEIRS, None),
        (facts(), THEIRS, None),
        # The access has expired, but it had not when the client loaded the list.
        (EXPIRED, EXPIRED, LEFT),
        (EXPIRED, MINE, UPDATED),
        (MINE, EXPIRED, LEFT),
        (THEIRS, EXPIRED, None),
    ],
)
def test_follows_the_assignments_of_a_restricted_viewer(
    before: EventFacts | None, after: EventFacts | None, expected: ListChangeKind | None
) -> None:
    assert kind_of(before, after, ALL, RESTRICTED) is expected


def test_only_the_first_event_of_a_write_is_a_change() -> None:
    assert select_list_change(event(None, IN_FRANCE, is_first_of_change=False), ALL, UNRESTRICTED) is None


def test_a_change_requires_a_visible_customer_and_its_grant_unless_it_left() -> None:
    entered = select_list_change(event(None, LASTING), ALL, RESTRICTED)
    assert entered is not None
    assert (entered.required_customer_id, entered.access_grant) == ("cus_1", AccessGrant("cus_1", FUTURE))
    left = select_list_change(event(MINE, THEIRS), ALL, RESTRICTED)
    assert left is not None
    assert (left.customer_id, left.required_customer_id, left.access_grant) == ("cus_1", None, None)


COUNTRIES = st.sampled_from(["FR", "DE", "IT"])
CUSTOMER = st.builds(
    lambda country, assigned: facts(f"country:{country}", assigned=assigned),
    COUNTRIES,
    st.lists(st.sampled_from([ME, COLLEAGUE]), unique=True),
)


@given(st.lists(st.none() | CUSTOMER, min_size=2, max_size=8), st.lists(COUNTRIES, unique=True), st.booleans())
def test_a_client_that_applies_the_changes_has_what_the_server_would_list(
    history: list[EventFacts | None], countries: list[str], is_restricted: bool
) -> None:
    condition = parse_feed_filter({"country": countries})
    viewer = RESTRICTED if is_restricted else UNRESTRICTED

    def is_listed(state: EventFacts | None) -> bool:
        return state is not None and state.is_visible_to(viewer.restricted_to, viewer.now) and matches(condition, state)

    is_in_list = is_listed(history[0])
    for before, after in pairwise(history):
        kind = kind_of(before, after, condition, viewer)
        assert (kind is ENTERED) <= (not is_in_list)
        assert (kind in (UPDATED, LEFT)) <= is_in_list
        is_in_list = is_in_list if kind is None else kind is not LEFT
        assert is_in_list == is_listed(after)


async def test_the_customer_is_null_only_where_it_left() -> None:
    class Customers:
        async def load(self, id_: str) -> str:
            return f"document of {id_}"

    context: Any = SimpleNamespace(loaders=SimpleNamespace(customers=Customers()))
    position = event().position
    for kind, expected in [(ENTERED, "document of cus_1"), (UPDATED, "document of cus_1"), (LEFT, None)]:
        customer: object = await changed_customer(context, CustomerListChange(position, None, None, kind, "cus_1"))
        assert customer == expected
