"""The properties of key dimensions, looked up by stored keys."""

import pytest

from domain.customers.key_dimensions import (
    ABSENCE,
    ALL_CUSTOMERS,
    DIMENSIONS_BY_NAME,
    EXPIRY_BUCKETS,
    HOLDING,
    STATUS,
    TAG,
    WORD_PREFIX,
    dimension_of,
    estimate_key_share,
)
from domain.customers.keys import (
    ALL_CUSTOMERS_KEY,
    COMMON_KEYS,
    absence_key,
    build_customer_keys,
    is_ordering,
    is_time_dependent_key,
    requires_living_entitlement,
    running_keys,
)
from domain.entitlements.holdings import ANY_HOLDING_KEY, overage_key, rate_key
from domain.text.words import word_keys


@pytest.mark.parametrize(
    ("key", "dimension"),
    [
        (ALL_CUSTOMERS_KEY, ALL_CUSTOMERS),
        ("status:TRIAL", STATUS),
        ("tag:a:b", TAG),
        (absence_key("status:SUBSCRIPTION"), ABSENCE),
        (overage_key("CALLING"), HOLDING),
        (rate_key("CALLING", 7), HOLDING),
        (ANY_HOLDING_KEY, HOLDING),
        (word_keys(["x"])[0], WORD_PREFIX),
        ("ends_64h:5", EXPIRY_BUCKETS[64]),
    ],
)
def test_the_text_before_the_first_colon_names_the_dimension(key: str, dimension: object) -> None:
    assert dimension_of(key) is dimension


def test_text_that_is_no_key_has_no_dimension() -> None:
    for text in ("", "color:red", "Status:TRIAL"):
        with pytest.raises(KeyError):
            dimension_of(text)


def test_every_dimension_is_found_by_the_keys_that_it_makes() -> None:
    for dimension in DIMENSIONS_BY_NAME.values():
        assert dimension_of(dimension.key("x")) is dimension


@pytest.mark.parametrize(
    ("key", "share"),
    [
        ("*", 1.0),
        ("status:SUBSCRIPTION", 0.6),
        ("status:TRIAL", 0.15),
        ("status:SUSPENDED", 0.06),
        ("type:SUBSCRIPTION", 0.7),
        ("type:TRIAL", 0.15),
        ("no:status:SUBSCRIPTION", 0.4),
        ("tag:tag_1", 0.03),
        ("ends_1h:9", 0.001),
        ("ends_512h:9", 0.04),
        ("w:a", 0.3),
        ("w:abc", 0.027),
    ],
)
def test_an_uncounted_key_has_the_share_of_its_value_or_else_of_its_dimension(key: str, share: float) -> None:
    assert estimate_key_share(key) == pytest.approx(share)


def test_a_longer_word_prefix_is_rarer() -> None:
    shares = [estimate_key_share(key) for key in word_keys(["abcdefgh"])]
    assert shares == sorted(shares, reverse=True)
    assert len(set(shares)) == len(shares)


def test_words_holdings_and_small_buckets_are_read_in_the_order_of_names_alone() -> None:
    left_out = [name for name, dimension in DIMENSIONS_BY_NAME.items() if not dimension.is_in_order_keys]
    instants = [f"{name}_{hours}h" for name in ("created", "signed_in") for hours in (8, 256, 8192)]
    windows = ["ends_1h", "ends_8h", "renews_8h", *instants]
    assert left_out == ["has_tags", "has_assignments", "running", "holds", "w", *windows]
    assert [is_ordering(key) for key in ("w:a", "ends_8h:1", "ends_64h:1", "*", "tag:x")] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_events_keep_the_keys_that_neither_time_nor_spelling_decides() -> None:
    left_out = [name for name, dimension in DIMENSIONS_BY_NAME.items() if not dimension.is_in_events]
    instants = [f"{name}_{hours}h" for name in ("created", "signed_in") for hours in (8, 256, 8192)]
    windows = [*(f"ends_{hours}h" for hours in (1, 8, 64, 512)), "renews_8h", "renews_256h", *instants]
    assert left_out == ["no", "holds", "w", *windows]


def test_statuses_types_and_ends_depend_on_time() -> None:
    keys = ["status:TRIAL", "type:TRIAL", "no:type:SUBSCRIPTION", "ends_1h:5", "tag:x", "country:DE", "w:a", "*"]
    assert [is_time_dependent_key(key) for key in keys] == [True] * 4 + [False] * 4


@pytest.mark.parametrize(
    ("keys", "is_living"),
    [
        (("status:TRIAL",), True),
        (("product:CALLING", "type:TRIAL"), True),
        (("status:EXPIRED",), False),
        (("status:EXPIRED", "status:TRIAL"), False),
        (("tag:x",), False),
        (("product:CALLING", "country:DE"), False),
    ],
)
def test_every_status_but_expired_requires_a_living_entitlement(keys: tuple[str, ...], is_living: bool) -> None:
    assert requires_living_entitlement(keys) is is_living


def test_a_customer_with_the_common_keys_has_no_absence_key() -> None:
    keys = build_customer_keys(
        managed_by="PARTNER_ORGANIZATION",
        products=[],
        statuses=["SUBSCRIPTION"],
        subscription_types=["SUBSCRIPTION"],
        tag_ids=[],
        administrator_ids=[],
        country=None,
        invoice_states=[],
        words=[],
    )
    assert set(COMMON_KEYS) <= set(keys)
    assert not [key for key in keys if dimension_of(key) is ABSENCE]
    assert running_keys(["CALLING"]) == ["running:CALLING"]
