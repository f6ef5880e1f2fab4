"""Holdings, their keys, and the conditions of KPIs (domain rules: "KPIs and licence analytics")."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.customers.conditions import NOTHING
from domain.customers.holding_conditions import HasLowAssignment, HoldingCondition, HoldingEndsWithin
from domain.customers.keys import select_event_keys
from domain.customers.projection import project_fields
from domain.customers.simplification import simplify
from domain.customers.statuses import Thresholds
from domain.entitlements.holdings import (
    ANY_HOLDING_KEY,
    EXPIRING,
    RENEWING,
    Holdings,
    holding_keys,
    next_peer_eligibility_at,
    summarize_holdings,
)
from domain.entitlements.lifecycle import Entitlement, LicenseFigures, effective_end, is_running, renews
from domain.types import Product
from tests.domain.entitlements.factory_entitlements import DAY, MS, NOON, customer, entitlement, trial

BOTH = ("MEETINGS", "CALLING")


def line(product: str = "MEETINGS", total: int = 10, assigned: int = 5, used: int = 0) -> LicenseFigures:
    return LicenseFigures(Product(product), total, assigned, used)


def held(*entitlements: Entitlement, now: datetime = NOON) -> Holdings:
    return summarize_holdings([(one, effective_end(one, now)) for one in entitlements if is_running(one, now)])


def test_the_summary_adds_up_running_lines_and_knows_the_soonest_ends() -> None:
    summary = held(
        entitlement(licenses=[line(assigned=4, used=2), line("CALLING"), line("MESSAGING")]),
        entitlement(licenses=[line(total=3, assigned=4, used=1)], auto_renew=True, first_ends_at=NOON + 10 * DAY),
        trial(licenses=[line(total=1, assigned=0)], first_ends_at=NOON + 5 * DAY),
        entitlement(licenses=[line(total=7)], set_up=False),
    )
    assert list(summary) == ["MEETINGS", "CALLING"]
    meetings = summary["MEETINGS"]
    assert (meetings["total"], meetings["assigned"], meetings["used"], meetings["has_overage"]) == (14, 8, 3, True)
    assert (meetings["expires_at"], meetings["renews_at"]) == (NOON + 5 * DAY, NOON + 10 * DAY)
    assert meetings["expiring_ends"] == [NOON + 5 * DAY, NOON + 365 * DAY]
    assert (summary["CALLING"]["expires_at"], summary["CALLING"]["renews_at"]) == (NOON + 365 * DAY, None)


def test_lines_of_one_product_are_one_line_except_for_the_overage() -> None:
    lines = [line("CALLING", 3, 4), line("CALLING", 3, 0)]
    calling = held(entitlement(licenses=lines))["CALLING"]
    assert (calling["total"], calling["assigned"], calling["has_overage"]) == (6, 4, True)
    assert [one["rate"] for one in calling["rates"]] == [4 / 6]


def test_only_lines_that_can_ever_be_low_keep_their_rates() -> None:
    lines = [line(total=4, assigned=0), line("CALLING", 5, 0)]
    high = entitlement(licenses=[line(total=4, assigned=3)])
    assert [one["rate"] for one in held(entitlement(licenses=lines), high)["CALLING"]["rates"]] == [0.0]
    assert held(entitlement(licenses=lines), high)["MEETINGS"]["rates"] == []
    assert held(entitlement(licenses=[line(total=8, assigned=6)]))["MEETINGS"]["rates"] == []


def test_a_customer_is_evaluated_when_a_line_joins_its_peer_group() -> None:
    young = entitlement(added_at=NOON - 29 * DAY, licenses=[line(assigned=1)])
    small = entitlement(added_at=NOON - 29 * DAY, licenses=[line(total=4, assigned=1)])
    assert next_peer_eligibility_at(held(young, small), NOON) == NOON + DAY
    assert next_peer_eligibility_at(held(young, small), NOON + DAY) is None
    derived = project_fields(customer(young), {}, {}, Thresholds(), NOON)
    assert derived["next_evaluation_at"] == NOON + DAY


def test_events_keep_no_keys_of_holdings() -> None:
    keys = holding_keys(held(entitlement()), NOON)
    assert ANY_HOLDING_KEY in keys and select_event_keys(["*", *keys]) == ["*"]
    assert holding_keys({}, NOON) == []


def test_a_window_excludes_now_includes_its_end_and_considers_every_end() -> None:
    summary = held(
        entitlement(first_ends_at=NOON + 90 * DAY), entitlement(first_ends_at=NOON + 200 * DAY, auto_renew=True)
    )
    ends = HoldingEndsWithin(EXPIRING, ("MEETINGS",))
    assert [ends.matches(summary, NOON + by) for by in (-MS, timedelta(), 90 * DAY - MS, 90 * DAY)] == [
        False,
        True,
        True,
        False,
    ]
    assert not HoldingEndsWithin(RENEWING, ("MEETINGS",)).matches(summary, NOON)
    assert HoldingEndsWithin(RENEWING, BOTH).matches(summary, NOON + 110 * DAY)
    assert not HoldingEndsWithin(RENEWING, ("CALLING",)).matches(summary, NOON + 110 * DAY)


def test_a_line_is_low_below_the_threshold_once_it_is_30_days_old() -> None:
    summary = held(entitlement(added_at=NOON - 30 * DAY, licenses=[line(assigned=4)]))
    assert HasLowAssignment(("MEETINGS",), (("MEETINGS", 0.41),)).matches(summary, NOON)
    assert not HasLowAssignment(("MEETINGS",), (("MEETINGS", 0.4),)).matches(summary, NOON)
    assert not HasLowAssignment(("MEETINGS",), (("MEETINGS", 0.41),)).matches(summary, NOON - MS)
    assert not HasLowAssignment(("CALLING",), (("CALLING", 0.41),)).matches(summary, NOON)


def test_a_list_of_low_customers_keeps_its_name_when_the_threshold_moves() -> None:
    one, other = (HasLowAssignment(BOTH).with_thresholds({"MEETINGS": limit}) for limit in (0.1, 0.2))
    assert repr(one) == repr(other) and one != other
    meetings = HasLowAssignment(("MEETINGS",)).with_thresholds({"MEETINGS": 0.1})
    assert repr(meetings) != repr(one)


def test_nothing_is_low_where_no_group_has_a_threshold() -> None:
    nothing = HasLowAssignment(BOTH).with_thresholds({"MEETINGS": None})
    assert simplify(nothing) == NOTHING


lines = st.builds(line, st.sampled_from(["MEETINGS", "CALLING", "MESSAGING"]), st.integers(0, 12), st.integers(0, 12))
near = st.integers(-100, 100).map(lambda days: NOON + days * DAY) | st.sampled_from([NOON + 90 * DAY, NOON])
shifts = st.sampled_from([timedelta(), MS, -MS, timedelta(hours=5)])


@st.composite
def many(draw: st.DrawFn) -> list[Entitlement]:
    """Entitlements that end, renew and were added around the windows' edges."""
    found = []
    for _ in range(draw(st.integers(0, 4))):
        ends = draw(near) + draw(shifts)
        facts: dict[str, Any] = {
            "added_at": ends - draw(st.integers(1, 200)) * DAY,
            "starts_at": NOON - 300 * DAY,
            "first_ends_at": ends,
            "term_months": 1,
        }
        licenses = draw(st.lists(lines, max_size=2, unique_by=lambda one: one.product))
        renewing = draw(st.booleans())
        found.append(entitlement(auto_renew=renewing, licenses=licenses, **facts))
    return found


conditions = st.builds(HoldingEndsWithin, st.sampled_from([EXPIRING, RENEWING]), st.sampled_from([BOTH, ("CALLING",)]))
limits = st.sampled_from([0.0, 0.1, 0.29, 0.3, 0.5, 0.75])
lows = st.builds(lambda one, other: HasLowAssignment(BOTH, (("MEETINGS", one), ("CALLING", other))), limits, limits)


@given(many(), conditions | lows, st.integers(0, 7))
def test_sure_keys_are_sure_and_every_match_has_a_key(
    entitlements: Sequence[Entitlement], condition: HoldingCondition, days: int
) -> None:
    """The summary and its keys are as of an evaluation that may lie back, the question is asked now."""
    evaluated_at = NOON - days * DAY
    summary = held(*entitlements, now=evaluated_at)
    keys = set(holding_keys(summary, evaluated_at))
    reading = condition.keys(NOON)
    assert len(reading.all) <= 200, "MongoDB would sort in memory instead of merging."
    if not keys.isdisjoint(reading.exact):
        assert condition.matches(summary, NOON)
    if condition.matches(summary, NOON):
        assert not keys.isdisjoint(reading.all)


@given(many())
def test_the_summary_decides_windows_like_the_entitlements(entitlements: Sequence[Entitlement]) -> None:
    summary = held(*entitlements)
    running = [one for one in entitlements if is_running(one, NOON)]
    for product in BOTH:
        of_product = [one for one in running if any(figures.product == product for figures in one.licenses)]
        for which in (EXPIRING, RENEWING):
            expected = any(
                renews(one) == (which == RENEWING) and NOON < effective_end(one, NOON) <= NOON + 90 * DAY
                for one in of_product
            )
            assert HoldingEndsWithin(which, (product,)).matches(summary, NOON) == expected
