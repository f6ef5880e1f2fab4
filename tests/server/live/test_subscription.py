"""What a subscription is prepared to: its arguments, its cursor, and what its results depend on."""

from typing import Any

import pytest
import strawberry
from graphql import FieldNode, OperationDefinitionNode, parse

from domain.permissions import Permission
from resolvers.feeds import EventFeed
from schema.feed_fields import feed_field
from schema.fields import Argument
from server.graphql.operations import OperationRejected, Operations
from server.live.subscription import Subscription, prepare_subscription, variables_key, variables_used_only_in
from tests.server.live.factory_groups import make_viewer, prepare
from tests.server.live.socket_server import SCHEMA, NumberedType, Query, parse_least, select_numbered

FEED = "subscription($after: String, $least: Int) { numbered(after: $after, least: $least) { number } }"


def prepared(text: str, **variables: Any) -> Subscription:
    return prepare_subscription(SCHEMA, prepare(text), variables, make_viewer())


def test_parses_the_arguments_once_and_keeps_the_cursor_apart() -> None:
    subscription = prepared(FEED, after="acme:1", least=3)
    assert (subscription.condition, subscription.after, subscription.after_variable) == (3, "acme:1", "after")
    assert subscription.arguments == {"least": 3}


def test_uses_the_defaults_of_missing_arguments() -> None:
    subscription = prepared("subscription { numbered { number } }")
    assert (subscription.condition, subscription.after, subscription.after_variable) == (0, None, None)


def test_a_cursor_in_the_text_has_no_variable() -> None:
    subscription = prepared('subscription { numbered(after: "acme:1") { number } }')
    assert (subscription.after, subscription.after_variable) == ("acme:1", None)


@pytest.mark.parametrize(
    ("text", "one", "other", "is_shared"),
    [
        (FEED, {"least": 1}, {"least": 2}, True),
        (FEED, {"least": 1, "after": "a:1"}, {"least": 1, "after": "a:2"}, True),
        (
            "subscription($n: Boolean!) { numbered { number cursor @include(if: $n) } }",
            {"n": True},
            {"n": False},
            False,
        ),
        (
            "subscription($n: Boolean!) { numbered { number cursor @include(if: $n) } }",
            {"n": True},
            {"n": True},
            True,
        ),
    ],
)
def test_subscriptions_share_results_unless_the_selection_set_uses_other_variables(
    text: str, one: dict[str, Any], other: dict[str, Any], is_shared: bool
) -> None:
    assert (prepared(text, **one).sharing_key == prepared(text, **other).sharing_key) is is_shared


def test_different_texts_share_no_results() -> None:
    assert prepared(FEED).sharing_key != prepared(FEED.replace("number }", "cursor }")).sharing_key


@pytest.mark.parametrize(
    ("variables", "path"), [({"least": -1}, ["numbered"]), ({"least": "x"}, None), ({"after": 5}, None)]
)
def test_rejects_wrong_variables_and_arguments(variables: dict[str, Any], path: list[str] | None) -> None:
    with pytest.raises(OperationRejected) as rejected:
        prepared(FEED, **variables)
    [error] = rejected.value.errors
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error.get("path") == path


def test_an_error_has_the_alias_of_the_field_as_path() -> None:
    with pytest.raises(OperationRejected) as rejected:
        prepared("subscription { mine: numbered(least: -1) { number } }")
    assert rejected.value.errors[0]["path"] == ["mine"]


@strawberry.type
class GuardedSubscription:
    numbered = feed_field(
        EventFeed(parse_least, select_numbered),
        NumberedType,
        requires=Permission.READ_ACTIVITY,
        least=Argument(int, 0),
    )


@pytest.mark.parametrize(("role", "is_allowed"), [("FULL_ADMINISTRATOR", True), ("HELPDESK_ADMINISTRATOR", False)])
def test_a_feed_requires_its_permission(role: str, is_allowed: bool) -> None:
    schema = strawberry.Schema(Query, subscription=GuardedSubscription)
    operation = Operations(schema).prepare("subscription { numbered { number } }", None)
    if is_allowed:
        assert prepare_subscription(schema, operation, {}, make_viewer(role)).condition == 0
        return
    with pytest.raises(OperationRejected) as rejected:
        prepare_subscription(schema, operation, {}, make_viewer(role))
    assert rejected.value.errors[0]["extensions"] == {"code": "FORBIDDEN", "permission": "READ_ACTIVITY"}


async def test_the_schema_alone_does_not_serve_feeds() -> None:
    results: Any = await SCHEMA.subscribe("subscription { numbered { number } }")
    result = await anext(results)
    assert "server/live" in str(result.errors[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("subscription($a: Int) { f(x: $a) { n } }", {"a"}),
        ("subscription($a: Int, $b: Int) { f(x: $a, y: {z: [$b, 1]}) { n } }", {"a", "b"}),
        ("subscription($a: Int) { f(x: $a, y: $a) { n } }", {"a"}),
        ("subscription($a: Int) { f(x: $a) { n(m: $a) } }", set()),
        ("subscription($a: Boolean!) { f(x: 1) { n @skip(if: $a) } }", set()),
        ("subscription($a: Boolean!) { f(x: $a) { n @skip(if: $ a) } }", set()),
        ("subscription($a: Int, $ab: Int) { f(x: $a) { n(m: $ab) } }", {"a"}),
        # Mentioned in a comment: not shared, which is safe.
        ("subscription($a: Int) { # $a\n f(x: $a) { n } }", set()),
        ("subscription { f { n } }", set()),
    ],
)
def test_finds_the_variables_that_only_the_feed_uses(text: str, expected: set[str]) -> None:
    [definition] = parse(text).definitions
    assert isinstance(definition, OperationDefinitionNode)
    [field] = definition.selection_set.selections
    assert isinstance(field, FieldNode)
    assert variables_used_only_in(field, text) == expected


def test_equal_variables_have_equal_keys_in_any_order() -> None:
    assert variables_key({"a": 1, "b": {"c": 2, "d": 3}}) == variables_key({"b": {"d": 3, "c": 2}, "a": 1})
    assert variables_key({"a": 1}) != variables_key({"a": "1"})
