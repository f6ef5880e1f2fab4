"""Query.callingEngagement: its weeks, trends, blocks and tables, over the customers in sight."""

import time
from datetime import timedelta
from typing import Any

import pytest

from domain.time.weeks import WEEK
from domain.types import ActivityKind
from store.changes.customer_batch import CustomerBatch, change_customers
from store.database.client import Document
from store.database.clock import utc_now
from store.database.scope import Scope
from store.events.log import EventDraft
from tests.api_server import ApiHarness
from tests.factory_documents import assignment
from tests.schema.factory_engagement import (
    assert_pages,
    calling_subscription,
    latest_week,
    names,
    put_named_customer,
    read_engagement,
    set_removed,
    store_calls,
)
from tests.schema.factory_mutations import token_of
from tests.store.calling.factory_calls import call, call_series, queue_call
from tests.store.factory_customers import subscription

DAY = timedelta(days=1)
USERS = "usersByUsageTrend(weeks: 2) { weekStart inactive low medium high }"
USAGE = "customer { name } activeUsers licensedUsers calls minutes callsPerActiveUser weeklyChangePercent"
QUALITY = "customer { name } good poor notAvailable poorPercent"
AVERAGES = "averagePacketLossPercent averageJitterMs averageLatencyMs"
CUSTOMER = "customer { name }"
INSIGHTS = """offered answered transferred abandoned averageSecondsToAnswer averageSecondsToAbandon
  abandonedPercent averageAbandonedPercent"""


def put_snapshot(api: ApiHarness, customer_id: str, *held: tuple[Document, int], **fields: Any) -> None:
    """The customer's snapshots of CALLING in the latest completed week: what each line had assigned."""

    async def work(scope: Scope) -> None:
        assigned = sum(figure for _, figure in held)
        sums = {"product": "CALLING", "total": assigned, "assigned": assigned, "used": 0, "available": 0}
        lines = [{"id": f"{one['_id']}:CALLING", "assigned": figure} for one, figure in held]
        stamps = {"partner_id": scope.partner_id, "version": 1, "created_at": scope.now, "updated_at": scope.now}
        row = {"customer_id": customer_id, "week": latest_week(), "is_removed": False, "lines": lines}
        document = {"_id": f"{customer_id}:CALLING:{row['week']:%Y-%m-%d}", **row, **sums, **stamps, **fields}
        await scope.collection("license_customer_weeks").insert_many([document])

    api.store(work)


def test_a_partner_without_calls_has_empty_figures(api: ApiHarness) -> None:
    found = read_engagement(
        api,
        f"""weekStart weekEnd refreshedAt {USERS} qualityTrend {{ weekStart good poor notAvailable poorPercent }}
        qualityByEndpoint {{ endpoint good poor notAvailable poorPercent }} featureUse {{ feature calls customers }}
        queueInsights {{ {INSIGHTS} }} customersByUsage {{ totalCount nodes {{ {USAGE} }} }}
        customersByQuality {{ totalCount nodes {{ {QUALITY} }} }}
        customersByQueue {{ totalCount nodes {{ insights {{ offered }} }} pageInfo {{ hasNextPage }} }}""",
    )
    monday = latest_week().date()
    assert (found["weekStart"], found["weekEnd"]) == (str(monday), str(monday + 6 * DAY))
    assert found["refreshedAt"] is None
    nothing = {"inactive": 0, "low": 0, "medium": 0, "high": 0}
    assert found["usersByUsageTrend"] == [{"weekStart": str(day), **nothing} for day in (monday - 7 * DAY, monday)]
    assert [point["weekStart"] for point in found["qualityTrend"]] == [
        str(monday - back * 7 * DAY) for back in range(7, -1, -1)
    ]
    none = {"good": 0, "poor": 0, "notAvailable": 0, "poorPercent": None}
    assert found["qualityTrend"][0] == {"weekStart": str(monday - 49 * DAY), **none}
    endpoints = ("DESK_PHONE", "WEBEX_APP", "ROOM_DEVICE", "UNKNOWN")
    assert found["qualityByEndpoint"] == [{"endpoint": one, **none} for one in endpoints]
    assert len(found["featureUse"]) == 9
    assert found["featureUse"][0] == {"feature": "CALL_QUEUE", "calls": 0, "customers": 0}
    counts = dict.fromkeys(("offered", "answered", "transferred", "abandoned"), 0)
    assert found["queueInsights"] == dict.fromkeys(INSIGHTS.split()) | counts
    assert found["customersByUsage"] == found["customersByQuality"] == {"totalCount": 0, "nodes": []}
    assert found["customersByQueue"] == {"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": False}}


def test_users_by_usage_and_how_many_licensed_ones_had_no_call(api: ApiHarness) -> None:
    one, other = (
        put_named_customer(api, "One", calling_subscription("S-1", 10)),
        put_named_customer(api, "Other", calling_subscription("S-2", 1), calling_subscription("S-3", 2)),
    )
    put_named_customer(api, "Idle", calling_subscription("S-4", 4))
    monday = latest_week()
    calls = [*call_series(one, monday, 10, user_id="a"), *call_series(one, monday, 51, user_id="b"), call(one, monday)]
    # More users called than are licensed: nobody is less than not inactive.
    calls += [call(other, monday, user_id=f"u-{number}") for number in range(4)]
    calls += call_series(one, monday - WEEK, 11, user_id="a")
    store_calls(api, calls)
    before, now = read_engagement(api, USERS)["usersByUsageTrend"]
    assert now == {"weekStart": str(monday.date()), "inactive": 8 + 0 + 4, "low": 5, "medium": 0, "high": 1}
    assert before == {
        "weekStart": str((monday - WEEK).date()),
        "inactive": 9 + 3 + 4,
        "low": 0,
        "medium": 1,
        "high": 0,
    }


def test_licences_are_those_of_lines_that_run_as_snapped_in_the_week_else_as_of_now(api: ApiHarness) -> None:
    monday, now = latest_week(), utc_now()
    over = {"ends_at": now - DAY, "starts_at": now - 30 * DAY}
    # Of one running line there is a snapshot, of the other none.
    held = calling_subscription("S-1", 50), calling_subscription("S-2", 3)
    both = put_named_customer(api, "Both", *held)
    put_named_customer(api, "Never snapped", calling_subscription("S-3", 7), calling_subscription("S-4", 5, **over))
    # What does not run now counts nothing, whatever was snapped of it.
    ended, waiting = calling_subscription("S-5", 9, **over), calling_subscription("S-6", 9, set_up=False)
    gone, ready = put_named_customer(api, "Ended", ended), put_named_customer(api, "Not set up", waiting)
    put_snapshot(api, both, (held[0], 20))
    put_snapshot(api, gone, (ended, 3))
    put_snapshot(api, ready, (waiting, 3))
    store_calls(api, [call(one, monday, user_id="u") for one in (both, gone, ready)])
    found = read_engagement(api, f"{USERS} customersByUsage {{ nodes {{ {USAGE} }} }}")
    assert found["usersByUsageTrend"][1]["inactive"] == 22 + 7
    assert found["usersByUsageTrend"][0]["inactive"] == 53 + 7
    licensed = {row["customer"]["name"]: row["licensedUsers"] for row in found["customersByUsage"]["nodes"]}
    assert licensed == {"Both": 23, "Never snapped": 7, "Ended": 0, "Not set up": 0}


def test_a_line_without_a_snapshot_counts_as_now_beside_one_with_a_snapshot(api: ApiHarness) -> None:
    held = calling_subscription("S-1", 9)
    named = [{**held["licenses"][0], "name": name, "assigned": now} for name, now in (("Gold", 30), ("Silver", 4))]
    held["licenses"] += named
    one = put_named_customer(api, "One", held)
    lines = [(":Gold", 20), ("", 5), (":Taken out", 100)]
    snapped = [{"id": f"{held['_id']}:CALLING{name}", "assigned": assigned} for name, assigned in lines]
    put_snapshot(api, one, lines=snapped)
    store_calls(api, [call(one, latest_week(), user_id="u")])
    found = read_engagement(api, f"{USERS} customersByUsage {{ nodes {{ licensedUsers }} }}")
    assert found["customersByUsage"] == {"nodes": [{"licensedUsers": 20 + 5 + 4}]}
    assert [point["inactive"] for point in found["usersByUsageTrend"]] == [9 + 30 + 4, 20 + 5 + 4 - 1]


def test_a_line_that_was_taken_out_of_its_subscription_licenses_nobody(api: ApiHarness) -> None:
    held = calling_subscription("S-1", 9)
    held["licenses"] = [{**held["licenses"][0], "product": "MEETINGS"}]
    one = put_named_customer(api, "One", held)
    put_snapshot(api, one, (held, 5))
    store_calls(api, [call(one, latest_week(), user_id="u")])
    found = read_engagement(api, f"{USERS} customersByUsage {{ nodes {{ licensedUsers }} }}")
    assert found["customersByUsage"] == {"nodes": [{"licensedUsers": 0}]}
    assert [point["inactive"] for point in found["usersByUsageTrend"]] == [0, 0]


def test_usage_is_of_customers_with_a_running_line_or_a_call(api: ApiHarness) -> None:
    monday, now = latest_week(), utc_now()
    caller = put_named_customer(api, "Caller", subscription("S-1"))
    put_named_customer(api, "Holder", calling_subscription("S-2", 3))
    put_named_customer(api, "Neither", subscription("S-3"))
    put_named_customer(api, "Once held", calling_subscription("S-4", 3, ends_at=now - DAY, starts_at=now - 30 * DAY))
    earlier = put_named_customer(api, "Earlier", subscription("S-5"))
    calls = [
        call(caller, monday, seconds=59),
        call(caller, monday, seconds=60, user_id="u"),
        call(earlier, monday - WEEK),
    ]
    store_calls(api, calls)
    found = read_engagement(api, f"customersByUsage {{ totalCount nodes {{ {USAGE} }} }}")["customersByUsage"]
    figures = {"activeUsers": 1, "licensedUsers": 0, "calls": 2, "minutes": 1}
    nothing = {"activeUsers": 0, "licensedUsers": 3, "calls": 0, "minutes": 0, "callsPerActiveUser": None}
    assert found == {
        "totalCount": 2,
        "nodes": [
            {"customer": {"name": "Caller"}, **figures, "callsPerActiveUser": 2.0, "weeklyChangePercent": None},
            {"customer": {"name": "Holder"}, **nothing, "weeklyChangePercent": None},
        ],
    }


def test_usage_in_every_order(api: ApiHarness) -> None:
    monday = latest_week()
    ids = {name: put_named_customer(api, name, calling_subscription(f"S-{name}", 1)) for name in ("b", "A", "c", "d")}
    calls = [
        *call_series(ids["A"], monday, 2, user_id="u"),
        *call_series(ids["A"], monday - WEEK, 1),
        *call_series(ids["b"], monday, 2),
        *call_series(ids["b"], monday - WEEK, 4),
        call(ids["c"], monday, user_id="u"),
        call(ids["c"], monday, user_id="v"),
        call(ids["c"], monday, user_id="v"),
        call(ids["d"], monday - WEEK),
    ]
    store_calls(api, calls)
    orders = {
        ("CALLS", "DESC"): ["c", "A", "b", "d"],
        ("CALLS", "ASC"): ["d", "A", "b", "c"],
        ("ACTIVE_USERS", "DESC"): ["c", "A", "b", "d"],
        ("ACTIVE_USERS", "ASC"): ["b", "d", "A", "c"],
        ("CUSTOMER_NAME", "ASC"): ["A", "b", "c", "d"],
        ("CUSTOMER_NAME", "DESC"): ["d", "c", "b", "A"],
        # 100, −50, none, −100: who had no call in the week before comes last in both directions.
        ("WEEKLY_CHANGE_PERCENT", "DESC"): ["A", "b", "d", "c"],
        ("WEEKLY_CHANGE_PERCENT", "ASC"): ["d", "b", "A", "c"],
    }
    selection = f"nodes {{ {USAGE} }} edges {{ cursor }} pageInfo {{ hasNextPage hasPreviousPage endCursor }}"
    for (field, direction), expected in orders.items():
        given = {"field": field, "direction": direction}
        whole = read_engagement(api, f"customersByUsage(orderBy: $usage) {{ {selection} }}", usage=given)[
            "customersByUsage"
        ]
        assert names(whole["nodes"]) == expected, (field, direction)
        assert_pages(api, "customersByUsage", "usage", given, selection, expected)
    whole = read_engagement(api, f"customersByUsage {{ nodes {{ {USAGE} }} }}")["customersByUsage"]
    assert names(whole["nodes"]) == ["c", "A", "b", "d"]
    rows = {row["customer"]["name"]: row["weeklyChangePercent"] for row in whole["nodes"]}
    assert rows == {"A": 100.0, "b": -50.0, "c": None, "d": -100.0}


def test_quality_of_the_week_by_endpoint_and_over_weeks(api: ApiHarness) -> None:
    monday = latest_week()
    one, other = put_named_customer(api, "One"), put_named_customer(api, "Other")
    calls = [
        call(one, monday, endpoint="DESK_PHONE", loss=5.0),
        call(one, monday, endpoint="DESK_PHONE", loss=1.0),
        call(one, monday, endpoint="WEBEX_APP", jitter=10.0),
        call(other, monday, endpoint="WEBEX_APP"),
        call(other, monday - WEEK, endpoint="ROOM_DEVICE", latency=400.0),
    ]
    store_calls(api, calls)
    trend = "qualityTrend(weeks: 2) { weekStart good poor notAvailable poorPercent }"
    found = read_engagement(
        api, f"refreshedAt {trend} qualityByEndpoint {{ endpoint good poor notAvailable poorPercent }}"
    )
    assert found["refreshedAt"] is not None
    before, now = found["qualityTrend"]
    assert before == {"weekStart": str((monday - WEEK).date()), **_qualities(0, 1, 0, 100.0)}
    assert now == {"weekStart": str(monday.date()), **_qualities(2, 1, 1, 100 / 3)}
    assert found["qualityByEndpoint"] == [
        {"endpoint": "DESK_PHONE", **_qualities(1, 1, 0, 50.0)},
        {"endpoint": "WEBEX_APP", **_qualities(1, 0, 1, 0.0)},
        {"endpoint": "ROOM_DEVICE", **_qualities(0, 0, 0, None)},
        {"endpoint": "UNKNOWN", **_qualities(0, 0, 0, None)},
    ]


def _qualities(good: int, poor: int, not_available: int, percent: float | None) -> dict[str, Any]:
    return {"good": good, "poor": poor, "notAvailable": not_available, "poorPercent": percent}


def test_quality_lists_customers_with_a_poor_call(api: ApiHarness) -> None:
    monday = latest_week()
    ids = {name: put_named_customer(api, name) for name in ("fine", "Bad", "worse", "also bad")}
    calls = [
        call(ids["fine"], monday, loss=1.0),
        call(ids["Bad"], monday, loss=6.0, latency=100.0),
        call(ids["Bad"], monday, loss=1.0),
        call(ids["Bad"], monday),
        *call_series(ids["worse"], monday, 2, jitter=151.0),
        *call_series(ids["worse"], monday, 6, jitter=1.0),
        call(ids["also bad"], monday, latency=500.0),
        call(ids["also bad"], monday, latency=300.0),
        call(ids["fine"], monday - WEEK, loss=50.0),
    ]
    store_calls(api, calls)
    selection = f"totalCount nodes {{ {QUALITY} {AVERAGES} }}"
    found = read_engagement(api, f"customersByQuality {{ {selection} }}")["customersByQuality"]
    assert (found["totalCount"], names(found["nodes"])) == (3, ["worse", "also bad", "Bad"])
    bad = found["nodes"][2]
    averages = {"averagePacketLossPercent": 3.5, "averageJitterMs": None, "averageLatencyMs": 100.0}
    assert bad == {"customer": {"name": "Bad"}, **_qualities(1, 1, 1, 50.0), **averages}
    orders = {
        ("POOR", "ASC"): ["also bad", "Bad", "worse"],
        ("POOR_PERCENT", "DESC"): ["also bad", "Bad", "worse"],
        ("POOR_PERCENT", "ASC"): ["worse", "also bad", "Bad"],
        ("CUSTOMER_NAME", "ASC"): ["also bad", "Bad", "worse"],
        ("CUSTOMER_NAME", "DESC"): ["worse", "Bad", "also bad"],
    }
    selection = f"nodes {{ {QUALITY} }} edges {{ cursor }} pageInfo {{ hasNextPage hasPreviousPage endCursor }}"
    for (field, direction), expected in orders.items():
        order = {"field": field, "direction": direction}
        assert_pages(api, "customersByQuality", "quality", order, selection, expected)


def test_queues_and_features_of_customers_with_a_queue_call(api: ApiHarness) -> None:
    monday = latest_week()
    ids = {name: put_named_customer(api, name) for name in ("now", "then", "long ago", "never", "all lost")}
    feature = {"features": ["CALL_QUEUE", "VOICEMAIL"]}
    calls = [call(one, monday, **feature) for one in ids.values()]
    calls += [call(ids["now"], monday, features=["VOICEMAIL"]), call(ids["now"], monday - WEEK, **feature)]
    queued = [
        queue_call(ids["now"], monday, "ANSWERED", 10),
        queue_call(ids["now"], monday, "TRANSFERRED", 40),
        queue_call(ids["now"], monday, "VOICEMAIL", 9),
        queue_call(ids["all lost"], monday, "ABANDONED", 3),
        queue_call(ids["then"], monday - 7 * WEEK, "ANSWERED", 1),
        queue_call(ids["long ago"], monday - 8 * WEEK, "ANSWERED", 1),
        queue_call(ids["never"], monday + WEEK, "ANSWERED", 1),
    ]
    store_calls(api, calls, queued)
    rows = f"nodes {{ customer {{ name }} insights {{ {INSIGHTS} }} features {{ feature calls }} }}"
    found = read_engagement(
        api,
        f"""featureUse {{ feature calls customers }} queueInsights {{ {INSIGHTS} }}
        customersByQueue {{ totalCount {rows} }}""",
    )
    use = {one["feature"]: (one["calls"], one["customers"]) for one in found["featureUse"]}
    assert {name: value for name, value in use.items() if any(value)} == {"CALL_QUEUE": (3, 3), "VOICEMAIL": (4, 3)}
    assert found["queueInsights"] == {
        "offered": 4,
        "answered": 1,
        "transferred": 1,
        "abandoned": 2,
        "averageSecondsToAnswer": 25.0,
        "averageSecondsToAbandon": 6.0,
        "abandonedPercent": 50.0,
        "averageAbandonedPercent": pytest.approx((100 + 100 / 3) / 2),
    }
    table = found["customersByQueue"]
    assert (table["totalCount"], names(table["nodes"])) == (2, ["all lost", "now"])
    lost, now = table["nodes"]
    assert lost["insights"]["averageSecondsToAnswer"] is None
    assert lost["insights"]["abandonedPercent"] == lost["insights"]["averageAbandonedPercent"] == 100.0
    assert now["insights"]["averageAbandonedPercent"] == 100 / 3
    counts = {one["feature"]: one["calls"] for one in now["features"]}
    assert len(counts) == 9
    assert {name: value for name, value in counts.items() if value} == {"CALL_QUEUE": 1, "VOICEMAIL": 2}


def test_a_removed_customer_counts_nowhere_and_one_that_returns_counts_again(api: ApiHarness) -> None:
    monday = latest_week()
    stays, goes = (
        put_named_customer(api, "Stays", calling_subscription("S-1", 3)),
        put_named_customer(api, "Goes", calling_subscription("S-2", 5)),
    )
    calls = [
        call(one, monday, user_id="u", loss=9.0, endpoint="WEBEX_APP", features=["CALL_PARK"]) for one in (stays, goes)
    ]
    store_calls(api, calls, [queue_call(one, monday, "ANSWERED", 5) for one in (stays, goes)])
    selection = """usersByUsageTrend(weeks: 1) { inactive low } qualityTrend(weeks: 1) { poor }
      qualityByEndpoint { poor } featureUse { calls customers } queueInsights { offered }
      customersByUsage { totalCount nodes { customer { name } } }
      customersByQuality { totalCount nodes { customer { name } } }
      customersByQueue { totalCount nodes { customer { name } } }"""
    both = read_engagement(api, selection)
    for removed_at, size in ((utc_now(), 1), (None, 2)):
        set_removed(api, "Goes", removed_at)
        found = read_engagement(api, selection)
        assert found["usersByUsageTrend"] == [{"inactive": 2 if size == 1 else 6, "low": size}]
        assert found["qualityTrend"] == [{"poor": size}]
        assert [one["poor"] for one in found["qualityByEndpoint"]] == [0, size, 0, 0]
        assert found["featureUse"][3] == {"calls": size, "customers": size}
        assert found["queueInsights"] == {"offered": size}
        for table in ("customersByUsage", "customersByQuality", "customersByQueue"):
            assert found[table]["totalCount"] == len(found[table]["nodes"]) == size
    assert read_engagement(api, selection) == both


def test_names_are_those_of_now(api: ApiHarness) -> None:
    monday = latest_week()
    store_calls(api, [call(put_named_customer(api, name), monday, loss=9.0) for name in ("A", "B")])

    async def rename(batch: CustomerBatch) -> None:
        batch.changes[0].update_customer({"name": "Z"})

    api.store(lambda scope: change_customers(scope, {"external_id": "A"}, rename))
    found = read_engagement(api, "customersByQuality { nodes { customer { name } } }")
    assert names(found["customersByQuality"]["nodes"]) == ["B", "Z"]


def test_an_administrator_sees_the_figures_of_their_own_customers(api: ApiHarness) -> None:
    monday = latest_week()
    administrator = api.add_administrator("ADMINISTRATOR")
    own = put_named_customer(api, "Own", calling_subscription("S-1", 3), assignments=[assignment(administrator)])
    past = assignment(administrator, expires_at=utc_now() - DAY)
    others = [
        put_named_customer(api, "Other", calling_subscription("S-2", 30)),
        put_named_customer(api, "Former", calling_subscription("S-3", 30), assignments=[past]),
    ]
    calls = [call(one, monday, user_id="u", loss=9.0, features=["VOICEMAIL"]) for one in (own, *others)]
    store_calls(api, calls, [queue_call(one, monday, "ANSWERED", 5) for one in (own, *others)])
    selection = f"""refreshedAt {USERS} qualityTrend(weeks: 1) {{ poor }} qualityByEndpoint {{ poor }}
      featureUse {{ calls }} queueInsights {{ offered }} customersByUsage {{ totalCount nodes {{ {USAGE} }} }}
      customersByQuality {{ totalCount nodes {{ {QUALITY} }} }}
      customersByQueue {{ totalCount nodes {{ {CUSTOMER} }} }}"""
    found = read_engagement(api, selection, api.token(administrator))
    assert found["usersByUsageTrend"][1]["inactive"] == 2
    assert found["usersByUsageTrend"][1]["low"] == 1
    assert found["qualityTrend"] == [{"poor": 1}]
    assert sum(one["poor"] for one in found["qualityByEndpoint"]) == 1
    assert found["featureUse"][8] == {"calls": 1}
    assert found["queueInsights"] == {"offered": 1}
    for table in ("customersByUsage", "customersByQuality", "customersByQueue"):
        assert (found[table]["totalCount"], names(found[table]["nodes"])) == (1, ["Own"])
    nobody = read_engagement(api, selection, token_of(api, "ADMINISTRATOR"))
    assert nobody["customersByUsage"] == {"totalCount": 0, "nodes": []}
    assert nobody["qualityTrend"] == [{"poor": 0}]
    everybody = read_engagement(api, selection, token_of(api, "READ_ONLY_ADMINISTRATOR"))
    assert everybody["customersByUsage"]["totalCount"] == 3


def test_the_helpdesk_may_not_read_it(api: ApiHarness) -> None:
    answer = api.execute(
        token_of(api, "HELPDESK_ADMINISTRATOR"), "{ callingEngagement { weekStart } viewer { permissions } }"
    )
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "FORBIDDEN", "permission": "READ_ANALYTICS"}
    assert answer["data"]["callingEngagement"] is None
    assert answer["data"]["viewer"]["permissions"]


def test_another_partners_calls_are_not_counted(api: ApiHarness) -> None:
    monday = latest_week()
    store_calls(api, [call(put_named_customer(api, "Mine"), monday, loss=9.0)])
    found = read_engagement(api, "qualityTrend(weeks: 1) { poor }", api.token(*_of_other(api)))
    assert found["qualityTrend"] == [{"poor": 0}]


def _of_other(api: ApiHarness) -> tuple[str, str]:
    return api.add_administrator("FULL_ADMINISTRATOR", api.other), api.other


def test_late_data_correct_a_finished_week(api: ApiHarness) -> None:
    monday = latest_week()
    one = put_named_customer(api, "One")
    store_calls(api, [call(one, monday - 5 * WEEK, report_id="r", loss=1.0)])
    trend = "qualityTrend(weeks: 6) { good poor notAvailable }"
    assert read_engagement(api, trend)["qualityTrend"][0] == {"good": 1, "poor": 0, "notAvailable": 0}
    store_calls(api, [call(one, monday - 5 * WEEK, report_id="r", loss=9.0), call(one, monday - 5 * WEEK)])
    assert read_engagement(api, trend)["qualityTrend"][0] == {"good": 0, "poor": 1, "notAvailable": 1}
    store_calls(api, [call(one, monday - 4 * WEEK, report_id="r", loss=9.0)])
    first, second, *_ = read_engagement(api, trend)["qualityTrend"]
    assert first == {"good": 0, "poor": 0, "notAvailable": 1}
    assert second == {"good": 0, "poor": 1, "notAvailable": 0}


def test_what_is_kept_of_a_trend_follows_every_change(api: ApiHarness) -> None:
    """Without a word about what it has seen, a client hears of a change as soon as the server does."""
    monday, token = latest_week(), token_of(api, "FULL_ADMINISTRATOR")
    held = calling_subscription("S-1", 10)
    one = put_named_customer(api, "One", held)

    def inactive() -> int:
        found = read_engagement(api, "usersByUsageTrend(weeks: 1) { inactive }", token, is_fresh=False)[
            "usersByUsageTrend"
        ]
        figure: int = found[0]["inactive"]
        return figure

    def becomes(expected: int) -> None:
        while inactive() != expected:
            time.sleep(0.01)
        assert inactive() == expected

    becomes(10)
    store_calls(api, [call(one, monday, user_id="u")])
    becomes(9)
    put_snapshot(api, one, (held, 5), updated_at=utc_now() - DAY)
    becomes(4)
    set_removed(api, "One", utc_now())
    becomes(0)
    set_removed(api, "One", None)
    becomes(4)
    put_named_customer(api, "Two", calling_subscription("S-2", 7), calling_subscription("S-3", 2))
    becomes(13)
    put_cancelled(api, "Two", "S-2")
    becomes(6)
    # Time alone stops one of two lines: no status and no product of the customer turns, only what they rest on.
    put_named_customer(
        api,
        "Three",
        calling_subscription("S-4", 100, cancelled_at=utc_now() + timedelta(seconds=1)),
        calling_subscription("S-5", 1),
    )
    becomes(7)


def put_cancelled(api: ApiHarness, external_id: str, number: str) -> None:
    """The subscription is cancelled now, as an import does it."""

    async def body(batch: CustomerBatch) -> None:
        (work,) = batch.changes
        work.update_entitlement(number, {"cancelled_at": utc_now()})
        work.add_event(EventDraft(ActivityKind.SUBSCRIPTION_CHANGED, work.id, "changed"))

    async def work(scope: Scope) -> None:
        await change_customers(scope, {"external_id": external_id}, body)

    api.store(work)
