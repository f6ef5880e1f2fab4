"""Filters for tests that compare two evaluations of them."""

from datetime import timedelta
from typing import Any

from domain.customers.filter import parse_filter
from domain.failures import BadUserInput
from domain.types import CustomerStatus, ManagedBy, Product
from domain.types import SubscriptionType as Kind
from tests import random_values as rv
from tests.operator_texts import NUL_TEXTS, OPERATOR_TEXTS
from tests.store.customers.factory_lists import ADMINISTRATORS, DAY, NOW, TAGS

WORDS = [
    "d",
    "dord",
    "mull",
    "株式",
    "strass",
    "org",
    "7",
    "x" * 24,
    "x" * 25,
    "x" * 27,
    "हि",
    "acme 7",
    "?",
    " ",
    "sub 3",
    "会社",
    "工業",
    "食品工業有限公司東",
    "食品工業有限公司大",
    "mueller",
    *OPERATOR_TEXTS,
    *NUL_TEXTS,
]


def some(values: list[Any]) -> rv.Values[list[Any] | None]:
    return rv.none() | rv.lists(rv.sampled_from(values), max_size=3)


# The instants of the documents, and those beside them.
instants = rv.sampled_from([NOW - days * DAY for days in (0, 1, 2, 90)] + [NOW - DAY + timedelta(milliseconds=1)])
ranges = rv.fixed_dictionaries({}, optional={"since": rv.none() | instants, "until": rv.none() | instants})
conditions = rv.fixed_dictionaries(
    {},
    optional={
        "search": rv.none() | rv.sampled_from(WORDS),
        "managed_by": some(list(ManagedBy)),
        "product": some(list(Product)),
        "status": some(list(CustomerStatus)),
        "subscription_type": some(list(Kind)),
        "tag": some([*TAGS, "tag_gone", "$where", "^tag_.*"]),
        "administrator": some(ADMINISTRATORS),
        "country": some(["DE", "rs", "FR", "^D", "{$gt:''}", "D\0"]),
        "expires_within_days": rv.none() | rv.sampled_from([1, 30, 364, 365]),
        "renews_within_days": rv.none() | rv.sampled_from([1, 30, 364, 365]),
        "has_tags": rv.none() | rv.booleans(),
        "has_assignments": rv.none() | rv.booleans(),
        "invoice_state": some(["OPEN", "OVERDUE", "PAID", "VOID"]),
        "created_at": rv.none() | ranges,
        "last_administrator_sign_in_at": rv.none() | ranges,
    },
)


def nest(inner: rv.Values[dict[str, Any]]) -> rv.Values[dict[str, Any]]:
    some_inner = rv.none() | rv.lists(inner, max_size=3)
    joined = rv.fixed_dictionaries({}, optional={"all_of": some_inner, "any_of": some_inner, "not_": rv.none() | inner})
    return rv.builds(lambda one, other: {**one, **other}, conditions, joined)


filters = conditions | nest(nest(nest(nest(nest(conditions)))))


def is_valid_filter(raw: dict[str, Any]) -> bool:
    """Whether the filter is within the limits; a few generated ones have more than a hundred parts."""
    try:
        parse_filter(raw)
    except BadUserInput:
        return False
    return True
