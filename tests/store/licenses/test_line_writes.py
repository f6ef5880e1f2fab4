"""The writes that keep stored licence lines equal to the entitlements; no write is run."""

from datetime import datetime, timedelta
from typing import Any

from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne

from store.database.client import Client
from store.database.scope import Scope
from store.licenses.lines import (
    build_line_replacements,
    build_line_writes,
    match_expiring,
    match_low_assignment,
    match_peer_candidates,
    match_peers,
    match_recently_added,
    match_renewing,
    match_young_candidates,
)

NOW = datetime(2026, 11, 25, 9)
DAY = timedelta(days=1)
LINE: dict[str, Any] = {"product": "CALLING", "total": 10, "assigned": 4}
NO_PEAK = {"first_peak_day": None, "first_peak_used": 0}
STAMPS: dict[str, Any] = {
    "partner_id": "acme",
    "version": 1,
    "created_at": NOW,
    "updated_at": NOW,
    "use_peaks": [],
    **NO_PEAK,
}
PEAKS = {"e": [{"day": NOW, "used": 7}]}


def scope() -> Scope:
    # Building writes uses no client.
    client: Client = None  # type: ignore[assignment]
    return Scope(client, "acme", NOW)


def test_only_lines_that_differ_are_written_and_only_their_changed_fields() -> None:
    before = {"a": LINE, "b": LINE, "c": LINE, "d": LINE}
    after = {"a": LINE, "b": {**LINE, "assigned": 5}, "e": LINE}
    assert list(build_line_writes(scope(), before, after, PEAKS, NOW)) == [
        UpdateOne(
            {"partner_id": "acme", "_id": "b"}, {"$set": {"assigned": 5, "updated_at": NOW}, "$inc": {"version": 1}}
        ),
        InsertOne({"_id": "e", **STAMPS, "use_peaks": PEAKS["e"], "first_peak_day": NOW, "first_peak_used": 7, **LINE}),
        DeleteOne({"partner_id": "acme", "_id": "c"}),
        DeleteOne({"partner_id": "acme", "_id": "d"}),
    ]


def test_unchanged_lines_need_no_write() -> None:
    assert list(build_line_writes(scope(), {"a": LINE}, {"a": dict(LINE)}, {}, NOW)) == []


def test_replacements_write_every_line_and_delete_the_others() -> None:
    assert list(build_line_replacements(scope(), {"a": LINE, "b": LINE}, {"a": LINE}, {}, NOW)) == [
        ReplaceOne({"partner_id": "acme", "_id": "a"}, {"_id": "a", **STAMPS, **LINE}, upsert=True),
        DeleteOne({"partner_id": "acme", "_id": "b"}),
    ]


def test_a_window_excludes_now_and_includes_its_last_moment() -> None:
    window = {"$gt": NOW, "$lte": NOW + 90 * DAY}
    assert match_expiring(NOW, 90) == {"is_running": True, "renews": False, "ends_at": window}
    assert match_renewing(NOW, 90) == {"is_running": True, "renews": True, "ends_at": window}


def test_recently_added_excludes_the_start_of_its_window_and_cancelled_lines() -> None:
    assert match_recently_added(NOW, 30) == {
        "added_at": {"$gt": NOW - 30 * DAY, "$lte": NOW},
        "cancelled_at": {"$not": {"$lte": NOW}},
    }


def test_candidates_are_either_peers_or_too_young() -> None:
    peers, young = match_peers(NOW), match_young_candidates(NOW)
    assert peers == {**match_peer_candidates(), "added_at": {"$lte": NOW - 30 * DAY}}
    assert young == {**match_peer_candidates(), "added_at": {"$gt": NOW - 30 * DAY}}


def test_low_assignment_is_below_the_threshold_and_empty_without_one() -> None:
    assert match_low_assignment(NOW, None)["_id"] == {"$in": []}
    assert match_low_assignment(NOW, 0.5) == {**match_peers(NOW), "peer_rate": {"$gte": 0, "$lt": 0.5}}
