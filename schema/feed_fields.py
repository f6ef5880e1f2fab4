"""How a root field of Subscription is declared: with its feed, which the server reads from the field.

The schema does not execute subscriptions. server/live finds the feed of a root field, parses the arguments once for a
subscription, and executes the selection set with each change or state as root value.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

import strawberry
from graphql import GraphQLField
from msgspec import Struct
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from resolvers.feeds import EventFeed, StateFeed
from schema.enums import Permission
from schema.fields import Argument, RequiresPermission, describe_field, signature
from schema.input_conversion import to_plain_arguments

Feed = EventFeed[Any] | StateFeed[Any]
_METADATA_KEY = "feed"


class FeedDeclaration(Struct, frozen=True):
    """What stands on a root field: its feed, and the permission that the viewer's role must have."""

    feed: Feed
    requires: Permission | None


def feed_field(
    feed: Feed,
    graphql_type: Any,
    description: str | None = None,
    *,
    requires: Permission | None = None,
    **arguments: Argument,
) -> Any:
    """Return a root field of Subscription; its arguments reach the feed as plain values, all but `after`."""

    def resolve(root: Any, info: strawberry.Info, **given: Any) -> NoReturn:
        raise NotImplementedError("Feeds are served by server/live, not by the schema's own subscribe().")

    resolve.__signature__ = signature(arguments)  # type: ignore[attr-defined]
    return strawberry.subscription(
        resolver=resolve,
        graphql_type=graphql_type,
        description=describe_field(description, requires),
        directives=() if requires is None else (RequiresPermission(permission=requires),),
        metadata={_METADATA_KEY: FeedDeclaration(feed, requires)},
    )


def find_feed(field: GraphQLField) -> FeedDeclaration:
    """Return the declaration that stands on a root field of Subscription."""
    declaration: FeedDeclaration = _definition(field).metadata[_METADATA_KEY]
    return declaration


def convert_feed_arguments(schema: strawberry.Schema, field: GraphQLField, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return coerced argument values as the plain values that resolvers receive, by their Python names."""
    registry = schema.schema_converter.scalar_registry
    converted = convert_arguments(dict(values), _definition(field).arguments, registry, schema.config)
    return to_plain_arguments(converted)


def _definition(field: GraphQLField) -> StrawberryField:
    definition: StrawberryField = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    return definition
