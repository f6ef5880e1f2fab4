"""Declared costs: the directives that state on a field what it costs and how long its list may be.

They are the directives of IBM's GraphQL cost specification (https://ibm.github.io/graphql-specs/cost-spec.html).
server/graphql/cost.py reads the declarations and refuses operations that cost too much.
"""

from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLField
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema_directive import Location

from domain.paging import DEFAULT_PAGE_SIZE

DEFAULT_COST = 1
# Root fields that read figures of all customers of the partner.
AGGREGATE_COST = 10


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="The cost of the field itself, without what is selected below it; 1 where it is not declared.",
)
class Cost:
    """Prints the cost of a field; the specification wants a string."""

    weight: str


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description=(
        "The number of objects that a field is taken to return: the value of a slicing argument, or assumedSize.\n"
        "It multiplies the cost of everything selected below the field; 1 where it is not declared."
    ),
)
class ListSize:
    """Prints the size of a list; of a connection, `sized_fields` are the fields that hold the list."""

    assumed_size: int
    slicing_arguments: list[str] | None = strawberry.UNSET
    sized_fields: list[str] | None = strawberry.UNSET
    # The specification's default demands a slicing argument in every operation; ours are optional.
    require_one_slicing_argument: bool | None = strawberry.UNSET


def connection_size(*slicing_arguments: str) -> ListSize:
    """Return the size of a connection: what the client asks for, or the default page."""
    return ListSize(
        assumed_size=DEFAULT_PAGE_SIZE,
        slicing_arguments=list(slicing_arguments),
        sized_fields=["edges", "nodes"],
        require_one_slicing_argument=False,
    )


@dataclass(frozen=True, slots=True)
class DeclaredCost:
    """The declarations of one field, as numbers and names."""

    weight: int = DEFAULT_COST
    assumed_size: int = 1
    slicing_arguments: tuple[str, ...] = ()


def declared_cost(field: GraphQLField) -> DeclaredCost:
    """Return what a field of the built schema declares; the defaults where it declares nothing."""
    definition: Any = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    directives = definition.directives if definition is not None else ()
    weight = next((int(each.weight) for each in directives if isinstance(each, Cost)), DEFAULT_COST)
    size = next((each for each in directives if isinstance(each, ListSize)), None)
    if size is None:
        return DeclaredCost(weight)
    return DeclaredCost(weight, size.assumed_size, tuple(size.slicing_arguments or ()))
