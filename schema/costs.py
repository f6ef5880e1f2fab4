"""Declared costs: the directives that state on a field what it costs and how long its list can be.

They are the directives of IBM's GraphQL cost specification (https://ibm.github.io/graphql-specs/cost-spec.html).
server/graphql/cost.py reads the declarations and refuses operations that cost too much; schema/executor.py counts what
an operation really costs while it runs.
"""

from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLSchema
from msgspec import Struct
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema_directive import Location

from domain.paging import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

# One unit is about 7 µs of processor time: an attribute of an object that has been read. The others are rounded medians
# of pages of 200 customers, in the same measure (docs/decisions/0020).
DEFAULT_COST = 1
# A list of scalars or enum values of an object that has been read.
VALUES_COST = 2
# A value that is computed: a state, a sentence, a number of days.
RESOLVER_COST = 3
# An object or a list that is loaded, without what is selected of it.
RELATION_COST = 10
# A relation that is read in several steps: twice as expensive as most.
STEPWISE_RELATION_COST = 20
# One row of a page: to read, to decode and to enter it.
ROW_COST = 5
# Root fields that read figures of all customers of the partner.
AGGREGATE_COST = 100
# The transaction of a mutation: some ten commands to MongoDB, whose driver takes most of this.
MUTATION_COST = 2_500
_WEIGHT, _ROW_WEIGHT = "partnerhub_weight", "partnerhub_row_weight"


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description=(
        "The cost of the field itself, without what is selected below it; 1 where it is not declared. "
        "Of the fields of a connection that hold its rows, it is the cost of each row."
    ),
)
class Cost:
    """Prints the cost of a field; the specification wants a string."""

    weight: str


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description=(
        "The length of a list: the value of a slicing argument; without one, at most assumedSize.\n"
        "Where lists are usually much shorter than that, typicalSize is the length with which an operation is weighed "
        "before it runs. While it runs, every object counts.\n"
        "The length multiplies the cost of everything selected below the field."
    ),
)
class ListSize:
    """Prints the size of a list; of a connection, `sized_fields` are the fields that hold the list."""

    assumed_size: int
    typical_size: int | None = strawberry.UNSET
    slicing_arguments: list[str] | None = strawberry.UNSET
    sized_fields: list[str] | None = strawberry.UNSET
    # The specification's default demands a slicing argument in every operation; ours are optional.
    require_one_slicing_argument: bool | None = strawberry.UNSET


VALUES = Cost(weight=str(VALUES_COST))
# On the fields of a connection that hold its rows.
ROWS = Cost(weight=str(ROW_COST))


def list_size(maximum: int, typical: int | None = None, argument: str | None = None) -> ListSize:
    """Return the size of a list that is no connection: its maximum, its usual length, the argument that limits it."""
    return ListSize(
        assumed_size=maximum,
        typical_size=strawberry.UNSET if typical is None else typical,
        slicing_arguments=strawberry.UNSET if argument is None else [argument],
        require_one_slicing_argument=strawberry.UNSET if argument is None else False,
    )


def connection_size(*slicing_arguments: str) -> ListSize:
    """Return the size of a connection: what the client asks for, or the default page."""
    return ListSize(
        assumed_size=DEFAULT_PAGE_SIZE,
        slicing_arguments=list(slicing_arguments),
        sized_fields=["edges", "nodes"],
        require_one_slicing_argument=False,
    )


class DeclaredCost(Struct, frozen=True):
    """The declarations of one field, as numbers and names.

    `assumed_size` is the length of the list with which an operation is weighed, `maximum_size` the largest possible.
    """

    weight: int = DEFAULT_COST
    assumed_size: int = 1
    maximum_size: int = 1
    slicing_arguments: tuple[str, ...] = ()
    is_list: bool = False


def declared_cost(field: GraphQLField) -> DeclaredCost:
    """Return what a field of the built schema declares; the defaults where it declares nothing."""
    definition: Any = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    directives = definition.directives if definition is not None else ()
    weight = next((int(each.weight) for each in directives if isinstance(each, Cost)), DEFAULT_COST)
    size = next((each for each in directives if isinstance(each, ListSize)), None)
    if size is None:
        return DeclaredCost(weight)
    maximum = MAX_PAGE_SIZE if size.sized_fields else size.assumed_size
    typical = size.typical_size or size.assumed_size
    return DeclaredCost(weight, typical, maximum, tuple(size.slicing_arguments or ()), is_list=True)


def store_field_weights(schema: GraphQLSchema) -> None:
    """Store the weight of each field, or of each of its rows, beside it, where the executor finds it at once."""
    for graphql_type in schema.type_map.values():
        for field in getattr(graphql_type, "fields", {}).values():
            if isinstance(field, GraphQLField):
                definition: Any = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
                has_rows = definition is not None and ROWS in definition.directives
                weight = declared_cost(field).weight
                field.extensions[_WEIGHT] = 0 if has_rows else weight
                field.extensions[_ROW_WEIGHT] = weight if has_rows else 0


def field_weight(field: GraphQLField | None) -> int:
    """Return the stored weight of a field; the default for introspection and `__typename`."""
    weight: int = DEFAULT_COST if field is None else field.extensions.get(_WEIGHT, DEFAULT_COST)
    return weight


def row_weight(field: GraphQLField | None) -> int:
    """Return the stored weight of each row that a field holds; 0 for a field that is no list of rows."""
    weight: int = 0 if field is None else field.extensions.get(_ROW_WEIGHT, 0)
    return weight
