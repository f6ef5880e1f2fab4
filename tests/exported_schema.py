"""The schema as clients read it, with its descriptions; built once in a process, which takes 0.3 s."""

from functools import cache

from graphql import GraphQLSchema, build_schema

from schema.build import print_sdl


@cache
def exported_schema() -> GraphQLSchema:
    """Build the schema from its printed form, which is that of schema.graphql."""
    return build_schema(print_sdl())
