"""The keys of a customer document."""

from datetime import datetime

from domain.customers.keys import (
    build_customer_keys,
    complementary_key,
    instant_keys,
    is_presence_key,
    ordering_keys,
    select_event_keys,
    tag_keys,
)
from domain.customers.time_buckets import EXPIRIES


def test_a_customer_has_a_key_for_each_condition_of_a_filter() -> None:
    keys = build_customer_keys(
        managed_by="PARTNER_ORGANIZATION",
        products=["CALLING"],
        statuses=["TRIAL"],
        subscription_types=["TRIAL"],
        tag_ids=["tag_2", "tag_1"],
        administrator_ids=["adm_1", "adm_1"],
        country="de",
        invoice_states=["OPEN"],
        words=["ab"],
    )
    assert keys == [
        "*",
        "managed_by:PARTNER_ORGANIZATION",
        "product:CALLING",
        "status:TRIAL",
        "type:TRIAL",
        "no:status:SUBSCRIPTION",
        "no:type:SUBSCRIPTION",
        "tag:tag_1",
        "tag:tag_2",
        "has_tags:yes",
        "administrator:adm_1",
        "has_assignments:yes",
        "country:DE",
        "invoice:OPEN",
        "w:a",
        "w:ab",
    ]


def test_a_customer_has_keys_of_its_instants() -> None:
    keys = instant_keys(
        expiring_ends=[],
        renewing_ends=[datetime(1970, 1, 12)],
        created_at=datetime(2010, 1, 1),
        last_sign_in_at=None,
    )
    created = ["created_256h:1369", "created_8192h:42", "created_8h:43830"]
    assert keys == ["renews_256h:1", "renews_8h:33", *created]


def test_events_omit_the_keys_of_time_and_words() -> None:
    assert select_event_keys(["*", "status:TRIAL", *EXPIRIES.keys([datetime(2026, 1, 1)]), "w:a"]) == [
        "*",
        "status:TRIAL",
    ]


def test_order_keys_omit_words_holdings_and_small_buckets() -> None:
    keys = ["*", "status:TRIAL", "running:CALLING", "holds:any", "w:acme", "ends_1h:5", "ends_8h:5", "ends_64h:5"]
    assert ordering_keys(keys) == ["*", "status:TRIAL", "ends_64h:5"]


def test_a_customer_without_tags_has_a_key_that_says_so() -> None:
    assert tag_keys([]) == ["has_tags:no"]
    assert tag_keys(["b", "a", "a"]) == ["tag:a", "tag:b", "has_tags:yes"]
    assert complementary_key("has_tags:no") == "has_tags:yes"
    assert complementary_key("has_assignments:yes") == "has_assignments:no"
    assert [is_presence_key(key) for key in ("has_tags:no", "tag:a", "status:TRIAL")] == [True, False, False]
