"""Plans: what is known of an operation before it is executed.

    { customers { nodes { name tags { id } } } }

has a plan of `Query` with the field `customers`, whose values have a plan of `CustomerConnection`, and so on. A plan
resolves its fields for all objects of its level at once. A field is a *column*: a list with one value for each object;
or it is *inline*: the generated code of the rows reads it from the object (row_code.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import FieldNode, GraphQLField, GraphQLObjectType

from execution.leaves import Leaf
from execution.metadata import FieldExecution


class Failed:
    """In the place of a value: its error is recorded, and a nullable position above it becomes null."""

    def __repr__(self) -> str:
        return "FAILED"


FAILED = Failed()
# `rows(objects, context, slow, *columns)`: the result of each object; `slow(index, attributes)` is that of a row with
# something unexpected.
Rows = Callable[..., list[Any]]


@dataclass(slots=True, eq=False)
class FieldPlan:
    """One field of a selection set: equal response keys are merged. `index` is its place in the response.

    `source` is the code that reads an inline field; None for a column. `leaf` is that of a scalar or an enumeration.
    """

    index: int
    key: str
    parent_type: GraphQLObjectType
    definition: GraphQLField
    details: Sequence[Any]
    # The nodes of the document that are merged in this field.
    nodes: list[FieldNode]
    execution: FieldExecution
    named_type: Any
    leaf: Leaf | None
    row_weight: int = 0
    attribute: str | None = None
    is_inline: bool = False
    # Of a list of embedded objects whose rows are built with the parent's: their plan.
    embedded_plan: "ObjectPlan | None" = None
    plans: dict[str, "ObjectPlan"] = field(default_factory=dict)
    # The classes of values that need no closer look: no exception, no awaitable, not None.
    plain_types: set[type] = field(default_factory=set)
    # 0 for a single value, 1 for a list, 2 for a list of lists …
    list_depth: int = 0
    is_required: bool = False
    is_abstract: bool = False
    projection: frozenset[str] | None = None
    # Whether the arguments are equal in every execution of the plan; then they are kept once they were computed.
    has_constant_arguments: bool = False
    arguments: dict[str, Any] | None = None
    python_arguments: dict[str, Any] | None = None


class RowCode(NamedTuple):
    """The function that builds rows, with the columns that it takes, and the fields whose attributes it reads.

    It is replaced as a whole where a field becomes a column, because threads share a plan.
    """

    rows: Rows
    columns: Sequence[FieldPlan]
    attributes: Sequence[FieldPlan]


NO_CODE = RowCode(lambda objects, *_: [{} for _ in objects], (), ())


@dataclass(slots=True, eq=False)
class ObjectPlan:
    """The fields of one object type in one selection set, in the order of the response."""

    type: GraphQLObjectType
    fields: Sequence[FieldPlan]
    weight: int
    # The inline fields that are lists of embedded objects.
    embedded: list[FieldPlan] = field(default_factory=list)
    # How long a row takes, in values that are only read.
    width: int = 1
    # How many rows are built without a pause.
    at_once: int = 1
    # Whether equal objects have equal rows, because every value is stored.
    is_stored: bool = False
    code: RowCode = NO_CODE
