"""Percentages and means, rounded once."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain.ratios import mean, percent


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_ratio_is_the_number_nearest_to_the_true_one(part: int, whole: int) -> None:
    assert percent(part, whole) == float(Fraction(part * 100, whole))
    assert mean(part, whole) == float(Fraction(part, whole))


def test_a_ratio_is_null_only_where_there_is_nothing_to_divide_by() -> None:
    assert (percent(0, 0), percent(3, 0), mean(0, 0)) == (None, None, None)
    assert (percent(0, 3), mean(0, 3)) == (0, 0)
