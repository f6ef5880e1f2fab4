"""Times and audiences of tokens, at their boundaries."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.auth.claims import LEEWAY, TokenExpired, TokenRefused, has_audience, read_text, read_times
from tests.server.auth.factory_tokens import ISSUED, NOW

SECOND = timedelta(seconds=1)


def claims(**changes: Any) -> dict[str, Any]:
    return {"iat": ISSUED, "exp": ISSUED + 60, **changes}


def test_times_are_read_with_their_fractions() -> None:
    times = read_times(claims(iat=ISSUED - 0.5, exp=ISSUED + 0.25), NOW)
    assert (times.issued_at, times.expires_at) == (NOW - SECOND / 2, NOW + SECOND / 4)


@given(st.integers(-100, 100), st.integers(-100, 100), st.integers(-100, 100) | st.none())
def test_a_token_is_valid_from_its_start_until_its_end(issued: int, expires: int, starts: int | None) -> None:
    given_claims = claims(iat=ISSUED + issued, exp=ISSUED + expires)
    given_claims |= {} if starts is None else {"nbf": ISSUED + starts}
    is_valid = expires > 0 and max(issued, issued if starts is None else starts) * SECOND <= LEEWAY
    if is_valid:
        assert read_times(given_claims, NOW).expires_at == NOW + expires * SECOND
    else:
        with pytest.raises(TokenRefused) as refused:
            read_times(given_claims, NOW)
        assert isinstance(refused.value, TokenExpired) == (expires <= 0)


@pytest.mark.parametrize("name", ["iat", "exp", "nbf"])
@pytest.mark.parametrize("value", [None, True, False, "1", [], {}, -1, -0.1, float("nan"), float("inf"), 10**20])
def test_what_is_no_time_is_refused(name: str, value: object) -> None:
    with pytest.raises(TokenRefused, match=f"the claim {name} is missing or no time"):
        read_times(claims(**{name: value}), NOW)


@pytest.mark.parametrize("name", ["iat", "exp"])
def test_both_times_are_required(name: str) -> None:
    with pytest.raises(TokenRefused, match=f"the claim {name} is missing"):
        read_times({key: value for key, value in claims().items() if key != name}, NOW)


def test_the_last_second_of_the_calendar_is_a_time() -> None:
    assert read_times(claims(exp=253_402_300_799), NOW).expires_at.year == 9999
    with pytest.raises(TokenRefused):
        read_times(claims(exp=253_402_300_800), NOW)


@pytest.mark.parametrize(
    ("audience", "is_accepted"),
    [
        *[("hub", True), (["other", "hub"], True), (["hub", 1, None], True)],
        *[("other", False), ([], False), ([["hub"]], False), ({"hub": 1}, False), (None, False), (1, False)],
        ("hub other", False),
    ],
)
def test_an_audience_is_a_name_or_a_list_of_names(audience: object, is_accepted: bool) -> None:
    assert has_audience({"aud": audience}, frozenset({"hub", "portal"})) is is_accepted


def test_without_an_audience_nothing_is_accepted() -> None:
    assert not has_audience({}, frozenset({"hub"})) and not has_audience({"aud": "hub"}, frozenset())


@pytest.mark.parametrize("value", [None, 1, ["a"], {"a": "b"}, True])
def test_text_must_be_text(value: object) -> None:
    assert read_text({"sub": ""}, "sub") == ""
    with pytest.raises(TokenRefused, match="the claim sub is missing or not text"):
        read_text({"sub": value}, "sub")
