"""From the delivered files to the figures: calls, their media and queue calls, late, repeated, moved and taken away."""

from datetime import timedelta
from typing import Any

from domain.imports.records import ImportKind
from domain.time.instants import format_instant
from domain.time.weeks import WEEK
from jobs.roll_up_calls import roll_up_calls_now
from store.database.scope import Scope
from tests.api_server import ApiHarness
from tests.jobs.imports.factory_calls import (
    import_report,
    last_week,
    media,
    noon,
    queue_call,
    report,
    row,
    with_customers,
)
from tests.jobs.imports.factory_imports import Imported, import_lines
from tests.schema.factory_engagement import read_engagement, roll_up

MILLISECOND = timedelta(milliseconds=1)
QUALITY = "qualityTrend(weeks: %d) { good poor notAvailable }"
TABLES = """customersByUsage { nodes { customer { externalId } activeUsers calls minutes weeklyChangePercent } }
  customersByQuality { nodes { customer { externalId } poor averagePacketLossPercent averageLatencyMs } }
  customersByQueue { nodes { customer { externalId } insights { offered abandoned averageSecondsToAbandon } } }"""


def deliver(api: ApiHarness, kind: ImportKind, *lines: Any) -> Imported:
    """One stream of one kind, and the roll-up that it asks for."""

    async def work(scope: Scope) -> Imported:
        imported = await (
            import_report(scope, report(*lines)) if kind is ImportKind.CALLS else import_lines(scope, kind, *lines)
        )
        await roll_up(scope)
        return imported

    return api.store(work)


def start(api: ApiHarness, *external_ids: str) -> None:
    """These customers, without calls."""
    api.store(lambda scope: with_customers(scope, *external_ids))


def qualities(api: ApiHarness, weeks: int = 2) -> list[tuple[int, int, int]]:
    """Good, poor and not available calls of the last weeks, the earliest first."""
    points = read_engagement(api, QUALITY % weeks)["qualityTrend"]
    return [(point["good"], point["poor"], point["notAvailable"]) for point in points]


def test_media_make_a_call_good_or_poor_whichever_comes_first(api: ApiHarness) -> None:
    start(api, "C-1")
    deliver(api, ImportKind.CALL_MEDIA, media("R-1", packetLossPercent=5, jitterMs=None, latencyMs=None))
    assert qualities(api) == [(0, 0, 0), (0, 0, 0)]
    deliver(api, ImportKind.CALLS, row("R-1"), row("R-2"))
    assert qualities(api) == [(0, 0, 0), (0, 1, 1)]
    deliver(api, ImportKind.CALL_MEDIA, media("R-2", packetLossPercent=4.99, jitterMs=149.9, latencyMs=399.9))
    assert qualities(api) == [(0, 0, 0), (1, 1, 0)]
    deliver(api, ImportKind.CALL_MEDIA, media("R-1", packetLossPercent=0, jitterMs=None, latencyMs=None))
    assert qualities(api) == [(0, 0, 0), (2, 0, 0)]


def test_repeated_files_count_once_and_a_moved_call_where_it_is_now(api: ApiHarness) -> None:
    start(api, "C-1", "C-2")
    rows = [row(f"R-{number}", User_UUID=f"U-{number % 2}") for number in range(5)]
    for _ in range(2):
        deliver(api, ImportKind.CALLS, *rows)
        deliver(api, ImportKind.QUEUE_CALLS, queue_call("Q-1", outcome="ABANDONED", waitSeconds=7))
    usage = read_engagement(api, TABLES)["customersByUsage"]["nodes"]
    figures = {"activeUsers": 2, "calls": 5, "minutes": 7, "weeklyChangePercent": None}
    assert usage == [{"customer": {"externalId": "C-1"}, **figures}]
    deliver(api, ImportKind.CALLS, row("R-0", Org_UUID="C-2"), row("R-1", Start_time=format_instant(noon() - WEEK)))
    deliver(api, ImportKind.QUEUE_CALLS, queue_call("Q-1", customer="C-2", outcome="ABANDONED", waitSeconds=7))
    found = read_engagement(api, TABLES)
    counts = {one["customer"]["externalId"]: one["calls"] for one in found["customersByUsage"]["nodes"]}
    assert counts == {"C-1": 3, "C-2": 1}
    assert found["customersByUsage"]["nodes"][0]["weeklyChangePercent"] == 200.0
    insights = {"offered": 1, "abandoned": 1, "averageSecondsToAbandon": 7.0}
    assert found["customersByQueue"]["nodes"] == [{"customer": {"externalId": "C-2"}, "insights": insights}]


def test_the_last_call_of_a_week_leaves_nothing_behind_when_it_moves(api: ApiHarness) -> None:
    start(api, "C-1")
    deliver(api, ImportKind.CALLS, row("R-1"))
    assert qualities(api) == [(0, 0, 0), (0, 0, 1)]
    deliver(api, ImportKind.CALLS, row("R-1", Start_time=format_instant(noon() - WEEK)))
    assert qualities(api) == [(0, 0, 1), (0, 0, 0)]
    assert read_engagement(api, TABLES)["customersByUsage"]["nodes"] == []


def test_a_week_ends_with_its_last_millisecond_and_a_start_without_a_zone_is_utc(api: ApiHarness) -> None:
    start(api, "C-1")
    # Not the week that ended last: in the first minutes of a Monday, a call of its last millisecond would still last.
    begin = last_week() - WEEK
    edges = (begin - MILLISECOND, begin, begin + WEEK - MILLISECOND)
    rows = [row(f"R-{number}", Start_time=format_instant(edge)[:-1]) for number, edge in enumerate(edges)]
    assert deliver(api, ImportKind.CALLS, *rows).counts == (3, 0, 0, 0)
    assert qualities(api, weeks=3) == [(0, 0, 1), (0, 0, 2), (0, 0, 0)]


def test_calls_of_this_week_wait_for_its_end(api: ApiHarness) -> None:
    start(api, "C-1")
    line = row("R-1", Start_time=format_instant(last_week() + WEEK), Duration="0")
    assert deliver(api, ImportKind.CALLS, line).counts == (1, 0, 0, 0)
    assert qualities(api) == [(0, 0, 0), (0, 0, 0)]
    assert read_engagement(api, "refreshedAt")["refreshedAt"] is None


def test_features_endpoints_and_queues_as_delivered(api: ApiHarness) -> None:
    start(api, "C-1")
    reasons = {"Related_reason": "CallQueue", "Redirect_reason": "CallQueue", "Original_reason": "NoAnswer"}
    deliver(api, ImportKind.CALLS, row("R-1", Client_type="WXC_DEVICE", Model="Desk Pro", **reasons))
    outcomes = ("ANSWERED", "TRANSFERRED", "ABANDONED", "VOICEMAIL")
    lines = [queue_call(f"Q-{n}", outcome=outcome, waitSeconds=10 * n) for n, outcome in enumerate(outcomes)]
    deliver(api, ImportKind.QUEUE_CALLS, *lines)
    found = read_engagement(
        api,
        """featureUse { feature calls customers } qualityByEndpoint { endpoint notAvailable }
        queueInsights { offered answered abandoned averageSecondsToAnswer averageSecondsToAbandon }""",
    )
    used = [one["feature"] for one in found["featureUse"] if (one["calls"], one["customers"]) == (1, 1)]
    assert used == ["CALL_QUEUE", "CALL_FORWARDING"]
    assert [one["endpoint"] for one in found["qualityByEndpoint"] if one["notAvailable"]] == ["ROOM_DEVICE"]
    times = {"averageSecondsToAnswer": 5.0, "averageSecondsToAbandon": 25.0}
    assert found["queueInsights"] == {"offered": 4, "answered": 1, "abandoned": 2, **times}


def test_licensed_users_follow_the_snapshots_of_the_week(api: ApiHarness) -> None:
    start(api, "C-1")
    dates = {"addedAt": "2026-01-01T00:00:00Z", "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z"}
    lines = [{"product": "CALLING", "total": 50, "assigned": 40}]
    line = {"number": "S-1", "customer": "C-1", **dates, "autoRenew": False, "licenses": lines}
    deliver(api, ImportKind.SUBSCRIPTIONS, line)
    deliver(api, ImportKind.CALLS, row("R-1", User_UUID="U-1"))
    asked = "usersByUsageTrend(weeks: 2) { inactive low } customersByUsage { nodes { licensedUsers } }"
    assert read_engagement(api, asked) == {
        "usersByUsageTrend": [{"inactive": 40, "low": 0}, {"inactive": 39, "low": 1}],
        "customersByUsage": {"nodes": [{"licensedUsers": 40}]},
    }
    usage = {"entitlement": "S-1", "product": "CALLING", "used": 0}
    for day, assigned in ((1, 30), (6, 25)):
        when = (last_week() + timedelta(days=day)).date().isoformat()
        deliver(api, ImportKind.LICENSE_USAGE, {**usage, "day": when, "assigned": assigned})
    # What is assigned now is the figure of the newest day, and a week without snapshots falls back to it.
    assert read_engagement(api, asked) == {
        "usersByUsageTrend": [{"inactive": 25, "low": 0}, {"inactive": 24, "low": 1}],
        "customersByUsage": {"nodes": [{"licensedUsers": 25}]},
    }
    yesterday = (last_week() + WEEK).date().isoformat()
    deliver(api, ImportKind.LICENSE_USAGE, {**usage, "day": yesterday, "assigned": 33})
    assert read_engagement(api, asked) == {
        "usersByUsageTrend": [{"inactive": 33, "low": 0}, {"inactive": 24, "low": 1}],
        "customersByUsage": {"nodes": [{"licensedUsers": 25}]},
    }


def test_what_comes_in_while_roll_ups_run_is_counted_in_the_end(api: ApiHarness) -> None:
    start(api, "C-1")

    async def work(scope: Scope) -> None:
        for number in range(10):
            await import_report(scope, report(*(row(f"R-{number}-{place}") for place in range(20))))
            await roll_up_calls_now(scope.client)
        await roll_up(scope)

    api.store(work)
    assert qualities(api)[1] == (0, 0, 200)
