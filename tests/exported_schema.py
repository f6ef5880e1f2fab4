"""The schema as clients read it, with its descriptions; printed and built once in a process, which takes 0.5 s."""

from functools import cache

from graphql import GraphQLSchema, build_schema

from schema.build import print_sdl


@cache
def printed_schema() -> str:
    """Print the schema; the text is that of schema.graphql."""
    return print_sdl()


@cache
def exported_schema() -> GraphQLSchema:
    """Build the schema from its printed form, which is that of schema.graphql."""
    return build_schema(printed_schema())
