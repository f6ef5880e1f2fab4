"""Earlier weeks of calling engagement, the orders of the queue table, and the trends of single customers."""

from datetime import timedelta
from typing import Any

import pytest

from domain.time.weeks import WEEK
from tests.api_server import ApiHarness
from tests.factory_documents import assignment
from tests.schema.factory_engagement import (
    assert_pages,
    calling_subscription,
    latest_week,
    put_named_customer,
    read_engagement,
    store_calls,
)
from tests.schema.factory_mutations import token_of
from tests.store.calling.factory_calls import call, call_series, queue_call

DAY = timedelta(days=1)
TREND = "callingTrend(weeks: 2) { weekStart activeUsers licensedUsers calls minutes poorPercent }"


def test_an_earlier_week_is_shown_as_the_latest_one_is(api: ApiHarness) -> None:
    monday = latest_week()
    earlier = monday - 3 * WEEK
    one, other = put_named_customer(api, "One", calling_subscription("S-1", 5)), put_named_customer(api, "Other")
    calls = [
        call(one, earlier, user_id="u", loss=9.0, endpoint="WEBEX_APP", features=["VOICEMAIL"]),
        *call_series(one, earlier - WEEK, 2),
        call(one, monday, user_id="v", features=["CALL_PARK"]),
        call(other, earlier, features=["VOICEMAIL"]),
    ]
    queued = [queue_call(one, earlier, "OVERFLOWED", 4), queue_call(other, earlier - 8 * WEEK, "ANSWERED", 1)]
    # A queue call after the week does not count for it.
    store_calls(api, calls, [*queued, queue_call(other, monday, "ANSWERED", 1)])
    found = read_engagement(
        api,
        """weekStart weekEnd usersByUsageTrend(weeks: 2) { weekStart low inactive }
        qualityTrend(weeks: 2) { weekStart poor notAvailable } qualityByEndpoint { poor }
        featureUse { calls customers } queueInsights { offered transferred }
        customersByUsage { nodes { customer { name } calls weeklyChangePercent } }
        customersByQuality { totalCount } customersByQueue { totalCount nodes { customer { name } } }""",
        week=earlier,
    )
    starts = [str((earlier - WEEK).date()), str(earlier.date())]
    assert (found["weekStart"], found["weekEnd"]) == (starts[1], str((earlier + 6 * DAY).date()))
    assert [tuple(point.values()) for point in found["usersByUsageTrend"]] == [(starts[0], 0, 5), (starts[1], 1, 4)]
    assert [tuple(point.values()) for point in found["qualityTrend"]] == [(starts[0], 0, 2), (starts[1], 1, 1)]
    assert [each["poor"] for each in found["qualityByEndpoint"]] == [0, 1, 0, 0]
    assert [each for each in found["featureUse"] if each["calls"]] == [{"calls": 1, "customers": 1}]
    assert found["queueInsights"] == {"offered": 1, "transferred": 1}
    rows = [
        (row["customer"]["name"], row["calls"], row["weeklyChangePercent"])
        for row in found["customersByUsage"]["nodes"]
    ]
    assert rows == [("One", 1, -50.0), ("Other", 1, None)]
    assert found["customersByQuality"] == {"totalCount": 1}
    assert found["customersByQueue"] == {"totalCount": 1, "nodes": [{"customer": {"name": "One"}}]}


@pytest.mark.parametrize("shift", [-52 * WEEK, WEEK, DAY])
def test_refuses_a_date_that_is_not_the_monday_of_one_of_the_last_52_weeks(api: ApiHarness, shift: timedelta) -> None:
    given = (latest_week() + shift).date()
    answer = api.execute(
        token_of(api, "FULL_ADMINISTRATOR"),
        f'{{ callingEngagement(weekStart: "{given}") {{ weekStart }} viewer {{ permissions }} }}',
    )
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    first, last = (latest_week() - 51 * WEEK).date(), latest_week().date()
    assert error["message"] == f"weekStart is a Monday from {first} to {last}; this is {given:%A}, {given}."
    assert answer["data"]["callingEngagement"] is None
    assert answer["data"]["viewer"]["permissions"]


def test_queues_in_every_order(api: ApiHarness) -> None:
    monday = latest_week()
    ids = {name: put_named_customer(api, name) for name in ("b", "A", "c", "d")}
    queued = [
        queue_call(ids["A"], monday, "ANSWERED", 10),
        queue_call(ids["A"], monday, "TRANSFERRED", 20),
        queue_call(ids["b"], monday, "ANSWERED", 15),
        queue_call(ids["b"], monday, "ABANDONED", 1),
        queue_call(ids["b"], monday, "OVERFLOWED", 99),
        queue_call(ids["c"], monday, "VOICEMAIL", 1),
        queue_call(ids["d"], monday, "ANSWERED", 7),
    ]
    store_calls(api, [], queued)
    orders = {
        ("OFFERED", "DESC"): ["b", "A", "c", "d"],
        ("OFFERED", "ASC"): ["c", "d", "A", "b"],
        ("ABANDONED_PERCENT", "DESC"): ["c", "b", "A", "d"],
        ("ABANDONED_PERCENT", "ASC"): ["A", "d", "b", "c"],
        ("CUSTOMER_NAME", "ASC"): ["A", "b", "c", "d"],
        ("CUSTOMER_NAME", "DESC"): ["d", "c", "b", "A"],
        # 15, 15, 7 and none, which comes last in both directions.
        ("SECONDS_TO_ANSWER", "DESC"): ["A", "b", "d", "c"],
        ("SECONDS_TO_ANSWER", "ASC"): ["d", "A", "b", "c"],
    }
    selection = "nodes { customer { name } } edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor }"
    for (field, direction), expected in orders.items():
        assert_pages(api, "customersByQueue", "queue", {"field": field, "direction": direction}, selection, expected)


def customers(api: ApiHarness, token: str, selection: str) -> dict[str, Any]:
    """The selection of every customer, by name."""
    query = f"{{ customers(orderBy: {{field: NAME}}) {{ nodes {{ name {selection} }} }} }}"
    return {row.pop("name"): row for row in api.execute_data(token, query)["customers"]["nodes"]}


def test_the_calling_trend_of_each_customer_has_all_weeks(api: ApiHarness) -> None:
    monday, administrator = latest_week(), api.add_administrator("ADMINISTRATOR")
    one = put_named_customer(api, "One", calling_subscription("S-1", 5), assignments=[assignment(administrator)])
    put_named_customer(api, "Other", calling_subscription("S-2", 2), calling_subscription("S-3", 1))
    calls = [
        call(one, monday, user_id="u", correlation_id="X", seconds=130, loss=9.0),
        call(one, monday, user_id="u", correlation_id="X", seconds=10),
        call(one, monday, user_id="v", loss=1.0),
        call(one, monday - 2 * WEEK, user_id="v"),
    ]
    store_calls(api, calls)
    starts = [{"weekStart": str(week.date())} for week in (monday - WEEK, monday)]
    none = {"activeUsers": 0, "calls": 0, "minutes": 0, "poorPercent": None}
    now = {"activeUsers": 2, "licensedUsers": 5, "calls": 2, "minutes": 3, "poorPercent": 50.0}
    of_one = [{**starts[0], **none, "licensedUsers": 5}, {**starts[1], **now}]
    found = customers(api, token_of(api, "READ_ONLY_ADMINISTRATOR"), TREND)
    assert found["One"] == {"callingTrend": of_one}
    assert found["Other"] == {"callingTrend": [{**start, **none, "licensedUsers": 3} for start in starts]}
    assert customers(api, api.token(administrator), TREND) == {"One": {"callingTrend": of_one}}
    longest = customers(api, token_of(api, "FULL_ADMINISTRATOR"), f"a: {TREND} b: {TREND.replace('2', '52')}")["One"]
    assert (longest["a"], len(longest["b"]), longest["b"][-2:]) == (of_one, 52, of_one)
    assert longest["b"][-3]["calls"] == 1


def test_trends_need_the_permission_and_1_to_52_weeks(api: ApiHarness) -> None:
    put_named_customer(api, "One", calling_subscription("S-1", 5))
    trends = "callingTrend { calls } licenseTrend(product: CALLING) { total }"
    query = f"{{ customers {{ nodes {{ name {trends} }} }} }}"
    answer = api.execute(token_of(api, "HELPDESK_ADMINISTRATOR"), query)
    assert answer["data"]["customers"]["nodes"] == [{"name": "One", "callingTrend": None, "licenseTrend": None}]
    forbidden = {"code": "FORBIDDEN", "permission": "READ_ANALYTICS"}
    assert [error["extensions"] for error in answer["errors"]] == [forbidden, forbidden]
    for weeks in (0, 53):
        asked = query.replace("callingTrend", f"callingTrend(weeks: {weeks})").replace(
            "CALLING)", f"CALLING, weeks: {weeks})"
        )
        answer = api.execute(token_of(api, "FULL_ADMINISTRATOR"), asked)
        message = f"weeks is a number from 1 to 52; this is {weeks}."
        assert [error["message"] for error in answer["errors"]] == [message, message]
