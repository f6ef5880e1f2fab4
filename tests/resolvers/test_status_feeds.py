"""Which events are changes of the status feed, for which viewer."""

import pytest

from domain.failures import BadUserInput
from domain.types import CustomerStatus
from resolvers.feeds import FeedViewer
from resolvers.status_feeds import StatusCondition, parse_condition, select_status_change
from store.feed.events import AccessGrant, EventFacts
from tests.resolvers.factory_feeds import COLLEAGUE, FUTURE, ME, NOW, PAST, RESTRICTED, UNRESTRICTED, event, facts

ALL = parse_condition()
IN_FRANCE, IN_GERMANY = facts("country:FR"), facts("country:DE")


def is_selected(condition: StatusCondition, before: EventFacts | None, after: EventFacts | None) -> bool:
    return select_status_change(event(before, after), condition, UNRESTRICTED) is not None


def test_a_change_has_the_statuses_of_its_event() -> None:
    entered = event(None, facts(), entered=["TRIAL"], left=["EXPIRED"], statuses=["TRIAL", "SUSPENDED"])
    change = select_status_change(entered, ALL, UNRESTRICTED)
    assert change is not None
    assert (change.position, change.at, change.customer_id) == (entered.position, NOW, "cus_1")
    assert change.entered == (CustomerStatus.TRIAL,)
    assert change.left == (CustomerStatus.EXPIRED,)
    assert change.statuses == (CustomerStatus.TRIAL, CustomerStatus.SUSPENDED)
    assert change.required_customer_id == "cus_1"


def test_other_kinds_of_events_are_no_change() -> None:
    assert select_status_change(event(None, facts(), kind="TAGS_ASSIGNED"), ALL, UNRESTRICTED) is None


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (None, True),
        ([CustomerStatus.TRIAL], True),
        ([CustomerStatus.EXPIRED], True),
        ([CustomerStatus.SUSPENDED], False),
        ([], False),
        ([CustomerStatus.SUSPENDED, CustomerStatus.TRIAL], True),
    ],
)
def test_chooses_by_statuses_entered_or_left(statuses: list[CustomerStatus] | None, expected: bool) -> None:
    changed = event(None, facts(), entered=["TRIAL"], left=["EXPIRED"], statuses=["SUSPENDED", "TRIAL"])
    assert (select_status_change(changed, parse_condition(status=statuses), UNRESTRICTED) is not None) is expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, IN_FRANCE, True),
        (IN_FRANCE, IN_FRANCE, True),
        (IN_FRANCE, IN_GERMANY, True),
        (IN_GERMANY, IN_FRANCE, True),
        (IN_GERMANY, IN_GERMANY, False),
        (None, IN_GERMANY, False),
    ],
)
def test_selects_customers_that_match_before_or_after(
    before: EventFacts | None, after: EventFacts, expected: bool
) -> None:
    assert is_selected(parse_condition({"country": ["FR"]}), before, after) is expected


@pytest.mark.parametrize(
    ("after", "viewer", "expected"),
    [
        (facts(), UNRESTRICTED, True),
        (facts(), RESTRICTED, False),
        (facts(assigned=[COLLEAGUE]), RESTRICTED, False),
        (facts(assigned=[ME]), RESTRICTED, True),
        (facts(assigned=[ME, COLLEAGUE]), RESTRICTED, True),
        (facts(assigned=[ME], until=FUTURE), RESTRICTED, True),
        (facts(assigned=[ME], until=NOW), RESTRICTED, False),
        (facts(assigned=[ME], until=PAST), RESTRICTED, False),
        (None, UNRESTRICTED, False),
    ],
)
def test_selects_only_customers_that_are_visible_after(
    after: EventFacts | None, viewer: FeedViewer, expected: bool
) -> None:
    change = select_status_change(event(facts(assigned=[ME]), after), ALL, viewer)
    assert (change is not None) is expected


def test_a_restricted_viewers_change_depends_on_the_grant() -> None:
    after = facts(assigned=[ME], until=FUTURE)
    restricted = select_status_change(event(None, after), ALL, RESTRICTED)
    assert restricted is not None
    assert restricted.access_grant == AccessGrant("cus_1", FUTURE)
    unrestricted = select_status_change(event(None, after), ALL, UNRESTRICTED)
    assert unrestricted is not None
    assert unrestricted.access_grant is None


def test_equal_events_give_equal_changes_so_that_subscriptions_share_results() -> None:
    changes = {select_status_change(event(None, facts()), ALL, UNRESTRICTED) for _ in range(2)}
    assert len(changes) == 1


def test_rejects_a_filter_whose_result_time_changes() -> None:
    with pytest.raises(BadUserInput, match="expiresWithinDays"):
        parse_condition({"expires_within_days": 5})
