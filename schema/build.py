"""Builds the schema, and prints it as schema.graphql."""

from functools import lru_cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.entitlements import CustomerSubscription, Trial
from schema.executor import OperationExecutor
from schema.feeds import Subscription
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.tags import Tag


@lru_cache(maxsize=1)
def build_schema() -> strawberry.Schema:
    """Return the schema of the process. It is immutable and built once."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[CustomerSubscription, Trial, Tag],
        execution_context_class=OperationExecutor,
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def print_sdl() -> str:
    """Return the schema in the schema definition language, the content of schema.graphql."""
    return build_schema().as_str() + "\n"
