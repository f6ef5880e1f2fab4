"""A small schema for the examples of the specification, and how a case of it runs."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import GraphQLError, GraphQLSchema, build_schema, execute, parse, validate

from tests.execution.comparison import Executor

SCHEMA = build_schema("""
interface Named { name: String }
interface Pet implements Named { name: String friend: Pet }
type Dog implements Pet & Named { name: String friend: Pet barks: Boolean! owner: Person number: Int }
type Cat implements Pet & Named { name: String friend: Pet meows: Boolean owner: Person number: Float }
union Home = Person | Cat
enum Size { SMALL LARGE }
input Range { from: Int! = 1, to: Int, sizes: [Size!] }
type Person {
  name: String
  firstName: String
  lastName: String
  mustName: String!
  pets: [Pet]
  mustPets: [Pet!]
  allPets: [Pet!]!
  best: Pet
  mustBest: Pet!
  homes: [Home]
  parent: Person
  mustParent: Person!
  later: String
  mustLater: String!
}
type Query {
  me: Person
  mustMe: Person!
  people: [Person]
  pet: Pet
  home: Home
  a: String
  b: String
  c: String
  echo(
    n: Int, text: String = "default", must: Int! = 7, range: Range, list: [Int!], size: Size, nothing: Int = null
  ): String
  needs(n: Int!): String
  int: Int
  float: Float
  string: String
  boolean: Boolean
  id: ID
  size: Size
  ints: [Int]
  mustInts: [Int!]
  allInts: [Int!]!
  grid: [[Int!]]
  mustGrid: [[Int!]!]
}
type Change { number: Int! holder: Holder must: Int! }
type Holder { number: Int! }
type Mutation { change(to: Int!): Holder, changeLater(to: Int!): Holder, fail: Int, mustFail: Int!, failLater: Int }
""")


class Case(NamedTuple):
    """An operation, what its fields return, and the result that the specification states.

    `errors` are pairs of message and path, in the order of the document.
    """

    name: str
    text: str
    data: Any
    errors: list[tuple[str, list[str | int]]] = []  # noqa: RUF012  No case changes it.
    root: Mapping[str, Any] = {}
    variables: Mapping[str, Any] = {}


def _resolve(source: Any, info: Any, **given: Any) -> Any:
    value = source.get(info.field_name)
    return value(**given) if callable(value) else value


def _name_of(value: Any, info: Any, abstract_type: Any) -> Any:
    return value.get("is") if isinstance(value, dict) else None


async def run_case(case: Case, executor: Executor, schema: GraphQLSchema = SCHEMA) -> tuple[Any, list[GraphQLError]]:
    """Return the data and the errors of a case, whose operation must be valid."""
    document = parse(case.text)
    assert validate(schema, document) == []
    outcome: Any = execute(
        schema,
        document,
        case.root,
        variable_values=dict(case.variables),
        field_resolver=_resolve,
        type_resolver=_name_of,
        executor_class=executor,
    )
    result = outcome if hasattr(outcome, "data") else await outcome
    return result.data, result.errors or []


def raises(message: str) -> Any:
    """Return a resolver that raises."""

    def resolve(**given: Any) -> Any:
        raise ValueError(message)

    return resolve


def later(value: Any = None, error: str = "", turns: int = 1) -> Any:
    """Return a resolver whose value, or error, is there some turns of the event loop later."""

    async def resolve(**given: Any) -> Any:
        for _ in range(turns):
            await asyncio.sleep(0)
        if error:
            raise ValueError(error)
        return value

    return resolve


NULL = "Cannot return null for non-nullable field %s."
