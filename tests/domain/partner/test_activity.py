"""The filter of the activity list, decided for one event."""

from datetime import datetime
from typing import Any

import pytest

from domain.failures import TooManyValues
from domain.partner.activity import MAX_VALUES, ActivityCondition, activity_condition, matches_event
from domain.types import ActivityKind

AT = datetime(2026, 11, 1, 12)
EARLIER, LATER = datetime(2026, 11, 1, 11), datetime(2026, 11, 1, 13)
EVENT = {"kind": "TAG_CREATED", "actor_id": "adm_1", "customer_id": None, "at": AT}


@pytest.mark.parametrize("raw", [None, {}, {"kind": None, "since": None}])
def test_a_filter_without_conditions_matches_everything(raw: dict[str, Any] | None) -> None:
    condition = activity_condition(raw)
    assert condition == ActivityCondition()
    assert matches_event(condition, EVENT) and not condition.is_impossible


def test_repeated_values_count_once() -> None:
    condition = activity_condition({"actor": ["a", "b", "a"], "kind": []})
    assert condition == ActivityCondition(kinds=(), actors=("a", "b"))
    assert len(activity_condition({"actor": ["a", *map(str, range(99)), "a"]}).actors or ()) == MAX_VALUES


def test_rejects_more_values_than_a_query_may_have() -> None:
    with pytest.raises(TooManyValues):
        activity_condition({"customer": [str(n) for n in range(MAX_VALUES + 1)]})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (ActivityCondition(kinds=(ActivityKind.TAG_CREATED,)), True),
        (ActivityCondition(kinds=(ActivityKind.TAG_DELETED,)), False),
        (ActivityCondition(kinds=()), False),
        (ActivityCondition(actors=("adm_2", "adm_1")), True),
        (ActivityCondition(actors=("adm_2",)), False),
        (ActivityCondition(customers=("cus_1",)), False),
        (ActivityCondition(since=AT), True),
        (ActivityCondition(since=LATER), False),
        (ActivityCondition(until=AT), False),
        (ActivityCondition(until=LATER), True),
        (ActivityCondition(kinds=(ActivityKind.TAG_CREATED,), since=EARLIER, until=LATER), True),
    ],
)
def test_an_event_matches_all_conditions(condition: ActivityCondition, expected: bool) -> None:
    assert matches_event(condition, EVENT) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (ActivityCondition(since=AT, until=AT), True),
        (ActivityCondition(since=LATER, until=AT), True),
        (ActivityCondition(since=AT, until=LATER), False),
        (ActivityCondition(actors=()), True),
        (ActivityCondition(until=EARLIER), False),
    ],
)
def test_an_empty_period_or_list_is_impossible(condition: ActivityCondition, expected: bool) -> None:
    assert condition.is_impossible is expected
