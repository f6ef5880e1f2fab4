"""How feeds are declared on the root fields of Subscription, and how their arguments are converted."""

from typing import Any

import pytest
from graphql import GraphQLField, GraphQLObjectType, parse
from graphql.execution.values import get_argument_values

from domain.permissions import Permission
from domain.types import CustomerStatus
from resolvers.feeds import EventFeed, StateFeed
from schema.build import build_schema
from schema.feed_fields import convert_feed_arguments, find_feed

SCHEMA = build_schema()
SUBSCRIPTION: Any = SCHEMA._schema.subscription_type
FIELDS: dict[str, GraphQLField] = SUBSCRIPTION.fields


def converted(text: str) -> dict[str, Any]:
    """The arguments of the one root field of a subscription, as its feed receives them."""
    document: Any = parse(text)
    [node] = document.definitions[0].selection_set.selections
    field = FIELDS[node.name.value]
    return convert_feed_arguments(SCHEMA, field, get_argument_values(field, node))


@pytest.mark.parametrize(
    ("name", "kind", "requires"),
    [
        ("customerStatusChanged", EventFeed, Permission.READ_CUSTOMERS),
        ("customerListChanged", EventFeed, Permission.READ_CUSTOMERS),
        ("tagChanged", EventFeed, None),
        ("activity", EventFeed, Permission.READ_ACTIVITY),
        ("kpisChanged", StateFeed, Permission.READ_ANALYTICS),
        ("bulkJob", StateFeed, None),
    ],
)
def test_a_field_declares_its_feed_and_permission(name: str, kind: type, requires: Permission | None) -> None:
    declaration = find_feed(FIELDS[name])
    assert isinstance(declaration.feed, kind)
    assert declaration.requires == requires


def test_every_root_field_has_a_feed() -> None:
    assert isinstance(SUBSCRIPTION, GraphQLObjectType)
    assert all(find_feed(field).feed is not None for field in FIELDS.values())


def test_event_feeds_take_a_cursor_and_state_feeds_do_not() -> None:
    for field in FIELDS.values():
        assert ("after" in field.args) is isinstance(find_feed(field).feed, EventFeed)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", {}),
        ("(filter: null, status: null, after: null)", {"filter": None, "status": None, "after": None}),
        ("(status: [TRIAL, EXPIRED])", {"status": [CustomerStatus.TRIAL, CustomerStatus.EXPIRED]}),
        ('(after: "cursor")', {"after": "cursor"}),
        ('(filter: {country: ["FR"]})', {"filter": {"country": ["FR"]}}),
        ('(filter: {not: {search: "a"}})', {"filter": {"not_": {"search": "a"}}}),
        ("(filter: {expiresWithinDays: 5})", {"filter": {"expires_within_days": 5}}),
        ('(filter: {anyOf: [{country: ["FR"]}, {}]})', {"filter": {"any_of": [{"country": ["FR"]}, {}]}}),
    ],
)
def test_arguments_reach_a_feed_as_plain_values_with_python_names(arguments: str, expected: dict[str, Any]) -> None:
    assert converted(f"subscription {{ customerStatusChanged{arguments} {{ at }} }}") == expected
