"""A schema with every feature: each kind of type, wrapper and resolver, in fields chosen once at random.

Fields are called after how they resolve. What they return is decided by tests/execution/factory_values.py.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from random import Random
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_abstract_type,
)

from execution.metadata import EXECUTION, FieldExecution, StoredValue
from tests.execution.factory_scalars import add_leaf_forms, stored_form
from tests.execution.factory_values import (
    MODES,
    World,
    batch_async,
    batch_sync,
    has_type,
    resolve_async,
    resolve_each,
    resolve_guarded,
    resolve_mixed,
    resolve_stored,
    resolve_sync,
    resolve_type_later,
    resolve_type_now,
)

LEAVES = ("Int", "Float", "String", "Boolean", "ID", "Color", "Moment", "Anything")
COMPOSITES = ("Person", "Company", "Note", "Node", "Named", "Found", "Later")
WRAPPERS = ("%s", "%s!", "%s", "%s!", "[%s]", "[%s!]", "[%s]!", "[%s!]!", "[[%s]]", "[[%s!]!]", "[[%s]!]!")
# A root field that is null leaves the others to compare.
ROOT_WRAPPERS = ("%s", "%s", "[%s]", "[%s!]", "[[%s!]!]", "[[%s]!]", "%s", "%s!")
ARGUMENTS = (
    "",
    "",
    "",
    "",
    "(n: Int)",
    "(n: Int! = 7, flag: Boolean)",
    "(text: String!, colors: [Color!] = [RED])",
    "(filter: Filter, ids: [[ID]!])",
    "(filter: Filter! = {n: 3}, by: By, moment: Moment)",
)
_HEAD = """
scalar Moment
scalar Anything
enum Color { RED GREEN BLUE }
input Filter {
  n: Int! = 5
  name: String
  colors: [Color]
  inner: Filter
  moment: Moment = "m1"
  by: By
}
input By @oneOf { id: ID n: Int }
directive @tagged(name: String) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT | QUERY
union Found = Person | Company | Note
"""


def _lines(random: Random, types: Sequence[str], count: int, modes: Sequence[str], prefix: str) -> Iterator[str]:
    for number in range(count):
        # A value of a mutation is none that its parent stores.
        mode = random.choice([each for each in modes if each != "stored" or not prefix.startswith("Change")])
        wrappers = ROOT_WRAPPERS if prefix in ("Root", "RootLeaf") else WRAPPERS
        wrapper = random.choice(wrappers if mode != "stored" else WRAPPERS[:8])
        arguments = "" if mode in ("stored", "plain") else random.choice(ARGUMENTS)
        yield f"  {mode}{prefix}{number}{arguments}: {wrapper % random.choice(types)}"


def _fields(random: Random, prefix: str, leaves: int, composites: int) -> list[str]:
    computed = [mode for mode in MODES if mode != "stored"]
    return [
        *_lines(random, LEAVES, leaves, MODES, f"{prefix}Leaf"),
        *_lines(random, COMPOSITES, composites, computed, prefix),
    ]


def print_schema(seed: int = 11) -> str:
    """Return the schema as text."""
    random = Random(seed)
    node, named, later = (_fields(random, name, 5, 3) for name in ("Node", "Named", "Later"))
    own = {name: _fields(random, name, 12, 7) for name in ("Person", "Company", "Note")}
    blocks = {
        "interface Node": node,
        "interface Named implements Node": node + named,
        "interface Later": later,
        "type Person implements Node & Named & Later": node + named + later + own["Person"],
        "type Company implements Node & Named": node + named + own["Company"],
        "type Note implements Node & Later": node + later + own["Note"],
        "type Query": [
            *_fields(random, "Root", 8, 24),
            "  asyncRootNote: Note!",
            "  syncRootEcho(filter: Filter): String",
        ],
        "type Mutation": [*_fields(random, "Change", 6, 8), "  asyncCount: Int!", "  syncCount: Int!"],
    }
    return _HEAD + "\n".join(f"{head} {{\n" + "\n".join(lines) + "\n}" for head, lines in blocks.items())


RESOLVERS: dict[str, Callable[..., Any]] = {
    "stored": resolve_stored,
    "sync": resolve_sync,
    "async": resolve_async,
    "mixed": resolve_mixed,
    "each": resolve_each,
    "guarded": resolve_guarded,
    "batchNow": resolve_sync,
    "batch": resolve_async,
}


def _declare(field: GraphQLField, mode: str, name: str) -> None:
    """Give a field its resolver, and what it declares to the compiled executor."""
    # A field without one has the default resolver: an attribute or a key of its parent.
    field.resolve = RESOLVERS.get(mode)
    declared = None
    if mode == "stored":
        leaf = get_named_type(field.type).name
        declared = FieldExecution(
            stored=StoredValue(name, stored_form(leaf, str(field.type)), optional=name[-1] in "0246")
        )
    elif mode in ("batch", "batchNow"):
        function = (batch_async if mode == "batch" else batch_sync)(name, field.type)
        declared = FieldExecution(batch=function, reads=frozenset(), takes_projection=name[-1] in "02468")
    elif mode == "each":
        declared = FieldExecution(
            each=lambda context, parent, **given: World.of(context).answer(parent, name, field.type, given)
        )
    elif mode == "guarded":
        declared = FieldExecution(
            guard=lambda context: World.of(context).guard(name),
            each=lambda context, parent, **given: World.of(context).answer(parent, name, field.type, given),
        )
    if declared is not None:
        field.extensions[EXECUTION] = declared


def mode_of(name: str) -> str:
    """Return how the field resolves, from its name."""
    return max((mode for mode in (*MODES, "plain") if name.startswith(mode)), key=len, default="plain")


@lru_cache(maxsize=4)
def feature_schema(seed: int = 11) -> GraphQLSchema:
    """Return the schema with its resolvers."""
    schema = build_schema(print_schema(seed))
    add_leaf_forms(schema)
    for name, graphql_type in schema.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(graphql_type, GraphQLObjectType):
            for field_name, field in graphql_type.fields.items():
                _declare(field, mode_of(field_name), field_name)
            if name in ("Person", "Company", "Note"):
                graphql_type.is_type_of = has_type(name)
        elif is_abstract_type(graphql_type) and name != "Found":
            # The union has no function: graphql-core then asks is_type_of of each of its types.
            is_later = isinstance(graphql_type, GraphQLInterfaceType) and name == "Later"
            graphql_type.resolve_type = resolve_type_later if is_later else resolve_type_now
    return schema
