"""Windows of time, evaluated in memory."""

from datetime import datetime, timedelta
from typing import get_args

import pytest

from domain.customers.conditions import Condition
from domain.customers.filter import parse_filter
from domain.customers.holding_conditions import HoldingEndsWithin
from domain.customers.matching import _MATCHERS, CustomerEnds, CustomerValues, matches

NOW = datetime(2026, 11, 22)
CUSTOMER = CustomerValues({"*"})


@pytest.mark.parametrize(("name", "which"), [("expires_within_days", "expiring"), ("renews_within_days", "renewing")])
def test_a_window_excludes_now_and_includes_its_last_moment(name: str, which: str) -> None:
    condition = parse_filter({name: 1})
    moment = timedelta(milliseconds=1)
    ends = {NOW: False, NOW + moment: True, NOW + timedelta(days=1): True, NOW + timedelta(days=1) + moment: False}
    assert {end: matches(condition, CUSTOMER, CustomerEnds(NOW, **{which: [end]})) for end in ends} == ends
    assert not matches(condition, CUSTOMER, CustomerEnds(NOW))
    with pytest.raises(ValueError, match="requires the ends"):
        matches(condition, CUSTOMER)


def test_each_kind_of_condition_is_decided() -> None:
    assert set(_MATCHERS) == set(get_args(Condition))


def test_holdings_have_a_match_of_their_own() -> None:
    with pytest.raises(ValueError, match="its own `matches`"):
        matches(HoldingEndsWithin("expiring", ("CALLING",)), CUSTOMER)
