"""Kept administrators: used only while the feed is fresh and has reached what this process has committed."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from domain.cursors.feed import Position
from server.auth.claims import Claims, TokenTimes
from server.auth.kept_administrators import MAX_KEPT, KeptAdministrators
from store.database.clock import utc_now
from store.tenants.administrators import AdministratorDocument

ADA = cast(AdministratorDocument, "Ada")


class FakeFeed:
    def __init__(self) -> None:
        self.listeners: list[Callable[[Any], None]] = []
        self.gap_listeners: list[Callable[[], None]] = []
        self.position, self.is_fresh = Position(10), True

    def receive(self, kind: str, partner: str = "acme") -> None:
        for listener in self.listeners:
            listener(SimpleNamespace(partner_id=partner, document={"kind": kind}))


def claims(administrator: str | None = "adm_1", partner: str = "acme", email: str | None = None) -> Claims:
    now = utc_now()
    return Claims(partner, frozenset({"api"}), TokenTimes(now, now), administrator, email)


@pytest.fixture
def feed() -> FakeFeed:
    return FakeFeed()


@pytest.fixture
def client() -> Any:
    return SimpleNamespace(last_commit=0)


@pytest.fixture
def kept(client: Any, feed: FakeFeed) -> KeptAdministrators:
    kept = KeptAdministrators(client, feed)
    kept.begin(claims())(ADA)
    return kept


def test_is_kept_by_partner_and_by_what_the_token_names(kept: KeptAdministrators) -> None:
    assert kept.find(claims()) is ADA
    assert kept.find(claims(None, email="adm_1")) is None
    assert kept.find(claims(partner="other")) is None
    assert kept.find(claims("adm_2")) is None


@pytest.mark.parametrize("kind", ["ADMINISTRATOR_CHANGED", "ADMINISTRATOR_REMOVED", "ADMINISTRATOR_INVITED"])
def test_an_event_of_the_partner_s_administrators_drops_them(
    kept: KeptAdministrators, feed: FakeFeed, kind: str
) -> None:
    feed.receive(kind, "other")
    feed.receive("STATUS_CHANGED")
    assert kept.find(claims()) is ADA
    feed.receive(kind)
    assert kept.find(claims()) is None


def test_what_was_read_before_an_event_is_not_kept(kept: KeptAdministrators, feed: FakeFeed) -> None:
    keep, keep_other = kept.begin(claims("adm_2")), kept.begin(claims("adm_3"))
    feed.receive("ADMINISTRATOR_CHANGED")
    keep(ADA)
    assert kept.find(claims("adm_2")) is None
    for on_gap in feed.gap_listeners:
        on_gap()
    keep_other(ADA)
    assert kept.find(claims("adm_3")) is None


def test_a_silent_feed_and_one_behind_the_own_changes_are_not_relied_on(
    kept: KeptAdministrators, feed: FakeFeed, client: Any
) -> None:
    feed.is_fresh = False
    assert kept.find(claims()) is None
    feed.is_fresh, client.last_commit = True, 11
    assert kept.find(claims()) is None
    feed.position = Position(11)
    assert kept.find(claims()) is ADA


def test_a_feed_behind_the_caller_s_latest_change_is_not_relied_on(kept: KeptAdministrators, feed: FakeFeed) -> None:
    assert kept.find(claims(), after_operation_time=10) is ADA
    assert kept.find(claims(), after_operation_time=11) is None
    feed.position = Position(11)
    assert kept.find(claims(), after_operation_time=11) is ADA


def test_their_number_is_bounded(kept: KeptAdministrators) -> None:
    for number in range(2, MAX_KEPT + 1):
        kept.begin(claims(f"adm_{number}"))(ADA)
    assert kept.find(claims()) is ADA
    kept.begin(claims("adm_0"))(ADA)
    assert kept.find(claims()) is None


def test_without_a_feed_none_is_kept(client: Any) -> None:
    kept = KeptAdministrators(client)
    kept.begin(claims())(ADA)
    assert kept.find(claims()) is None
