"""Chapter 6.4 of the GraphQL specification (October 2021), Executing Fields, as cases for both executors."""

from typing import Any

import pytest

from tests.execution.comparison import STOCK, Executor, ordered
from tests.execution.executors import COMPILED, last_fallback
from tests.execution.factory_specification import NULL, Case, later, raises, run_case


def _echo(**given: Any) -> str:
    return " ".join(f"{name}={given[name]!r}" for name in sorted(given))


ECHO = {"echo": _echo, "needs": lambda n: f"n={n}"}
DEFAULTS = "must=7 nothing=None text='default'"
RANGE = "must=7 nothing=None range=%s text='default'"
NOT_NULL = "Argument 'must' has invalid value: Expected variable '$v' provided to non-null type 'Int!' not to be None."


def _coerces(name: str, text: str, expected: str, variables: Any = None) -> Case:
    return Case(f"6.4.1 {name}", text, {"echo": expected}, root=ECHO, variables=variables or {})


COERCING = [
    _coerces("defaults where nothing is given", "{ echo }", DEFAULTS),
    _coerces("literals", '{ echo(n: 3, text: "x", size: LARGE) }', "must=7 n=3 nothing=None size='LARGE' text='x'"),
    _coerces("null is not omitted", "{ echo(n: null, text: null) }", "must=7 n=None nothing=None text=None"),
    _coerces("a variable", "query($v: Int) { echo(n: $v) }", f"must=7 n=4 {DEFAULTS[7:]}", {"v": 4}),
    _coerces("an omitted variable is omitted", "query($v: Int) { echo(n: $v) }", DEFAULTS),
    _coerces("an omitted variable has the argument's default", "query($v: String) { echo(text: $v) }", DEFAULTS),
    _coerces("an omitted variable at a non-null place", "query($v: Int) { echo(must: $v) }", DEFAULTS),
    _coerces("a variable's default", 'query($v: String = "w") { echo(text: $v) }', "must=7 nothing=None text='w'"),
    _coerces(
        "null for a variable with a default",
        'query($v: String = "w") { echo(text: $v) }',
        "must=7 nothing=None text=None",
        {"v": None},
    ),
    _coerces("an item becomes a list", "{ echo(list: 3) }", f"list=[3] {DEFAULTS}"),
    _coerces(
        "a variable that becomes a list", "query($v: Int!) { echo(list: [1, $v]) }", f"list=[1, 2] {DEFAULTS}", {"v": 2}
    ),
    _coerces("an input object with its defaults", "{ echo(range: {}) }", RANGE % {"from": 1}),
    _coerces("an input object", "{ echo(range: {to: 3, from: 2}) }", RANGE % {"from": 2, "to": 3}),
    _coerces(
        "variables within an input object",
        "query($t: Int, $s: Size!) { echo(range: {to: $t, sizes: [$s, SMALL]}) }",
        RANGE % {"from": 1, "sizes": ["LARGE", "SMALL"]},
        {"s": "LARGE"},
    ),
    _coerces(
        "an input object as a variable",
        "query($r: Range) { echo(range: $r) }",
        RANGE % {"from": 1, "to": None},
        {"r": {"to": None}},
    ),
    Case(
        "6.4.1 null at a non-null place is an error of the field",
        "query($v: Int) { echo(must: $v) needs(n: 1) }",
        {"echo": None, "needs": "n=1"},
        [(NOT_NULL, ["echo"])],
        root=ECHO,
        variables={"v": None},
    ),
    Case(
        "6.4.1 one operation with several values of its variables",
        "query($v: Int!) { needs(n: $v) x: echo(n: $v) }",
        {"needs": "n=9", "x": f"must=7 n=9 {DEFAULTS[7:]}"},
        root=ECHO,
        variables={"v": 9},
    ),
]

RESOLVING = [
    Case("6.4.2 a value of the parent", "{ a }", {"a": "A"}, root={"a": "A"}),
    Case("6.4.2 a function of the parent", "{ a }", {"a": "A"}, root={"a": lambda: "A"}),
    Case(
        "6.4.2 a value that comes later",
        "{ a me { later } }",
        {"a": "A", "me": {"later": "L"}},
        root={"a": later("A"), "me": later({"later": later("L")})},
    ),
    Case("6.4.2 what is not there is null", "{ a }", {"a": None}),
]

LEAVES = [
    Case(
        "6.4.3 coercing results",
        "{ int float string boolean id size ints }",
        {"int": 1, "float": 2.0, "string": "3", "boolean": True, "id": "4", "size": "SMALL", "ints": [1, None]},
        root={"int": 1.0, "float": 2, "string": 3, "boolean": 1, "id": 4, "size": "SMALL", "ints": (1, None)},
    ),
    Case(
        "6.4.3 results that cannot be coerced",
        "{ int float size boolean }",
        {"int": None, "float": None, "size": None, "boolean": None},
        [
            ("Int cannot represent non-integer value: 1.5", ["int"]),
            ("Float cannot represent non numeric value: 'x'", ["float"]),
            ("Enum 'Size' cannot represent value: 'HUGE'", ["size"]),
            ("Boolean cannot represent a non boolean value: 'yes'", ["boolean"]),
        ],
        root={"int": 1.5, "float": "x", "size": "HUGE", "boolean": "yes"},
    ),
    Case(
        "6.4.3 an integer beyond 32 bits",
        "{ int }",
        {"int": None},
        [("Int cannot represent non 32-bit signed integer value: 2147483648", ["int"])],
        root={"int": 2**31},
    ),
    Case(
        "6.4.3 a list of nothing that can be listed",
        "{ ints a }",
        {"ints": None, "a": "A"},
        [("Expected Iterable, but did not find one for field 'Query.ints'.", ["ints"])],
        root={"ints": 3, "a": "A"},
    ),
    Case(
        "6.4.3 a text is no list",
        "{ ints }",
        {"ints": None},
        [("Expected Iterable, but did not find one for field 'Query.ints'.", ["ints"])],
        root={"ints": "123"},
    ),
    Case("6.4.3 lists of lists", "{ grid }", {"grid": [[1, 2], None, []]}, root={"grid": [[1, 2], None, ()]}),
    Case(
        "6.4.3 an abstract type by its object",
        "{ pet { __typename name } home { __typename ... on Person { firstName } } }",
        {"pet": {"__typename": "Cat", "name": "T"}, "home": {"__typename": "Person", "firstName": "F"}},
        root={"pet": {"is": "Cat", "name": "T"}, "home": {"is": "Person", "firstName": "F"}},
    ),
    Case(
        "6.4.3 an abstract type that is no possible type",
        "{ pet { name } home { __typename } }",
        {"pet": None, "home": None},
        [
            ("Runtime Object type 'Person' is not a possible type for 'Pet'.", ["pet"]),
            ("Abstract type 'Home' was resolved to a type 'Nowhere' that does not exist inside the schema.", ["home"]),
        ],
        root={"pet": {"is": "Person"}, "home": {"is": "Nowhere"}},
    ),
    Case(
        "6.4.3 merging selection sets",
        "{ me { firstName parent { name } } me { lastName parent { firstName } } ...F }"
        " fragment F on Query { me { parent { name mustName } name } }",
        {
            "me": {
                "firstName": "F",
                "parent": {"name": "P", "firstName": "PF", "mustName": "M"},
                "lastName": "L",
                "name": "N",
            }
        },
        root={
            "me": {
                "firstName": "F",
                "lastName": "L",
                "name": "N",
                "parent": {"name": "P", "firstName": "PF", "mustName": "M"},
            }
        },
    ),
    Case(
        "6.4.3 merging through an interface",
        "{ pet { friend { name } ... on Dog { friend { ... on Cat { meows } } barks } } }",
        {"pet": {"friend": {"name": "T", "meows": True}, "barks": False}},
        root={"pet": {"is": "Dog", "barks": False, "friend": {"is": "Cat", "name": "T", "meows": True}}},
    ),
]

DOG, BAD = {"is": "Dog", "name": "D"}, {"is": "Dog", "name": raises("no")}
PEOPLE = [{"name": "1", "mustName": "m"}, {"name": "2"}, None, {"mustName": raises("no")}]
ERRORS = [
    Case(
        "6.4.4 an error makes its field null",
        "{ a b }",
        {"a": None, "b": "B"},
        [("no", ["a"])],
        root={"a": raises("no"), "b": "B"},
    ),
    Case(
        "6.4.4 an error that comes later",
        "{ a b }",
        {"a": None, "b": "B"},
        [("no", ["a"])],
        root={"a": later(error="no"), "b": "B"},
    ),
    Case(
        "6.4.4 a returned exception",
        "{ a b }",
        {"a": None, "b": "B"},
        [("no", ["a"])],
        root={"a": ValueError("no"), "b": "B"},
    ),
    Case(
        "6.4.4 errors in rows of a list",
        "{ people { name mustName } }",
        {"people": [{"name": "1", "mustName": "m"}, None, None, None]},
        [(NULL % "Person.mustName", ["people", 1, "mustName"]), ("no", ["people", 3, "mustName"])],
        root={"people": PEOPLE},
    ),
    Case(
        "6.4.4 null in a list of non-null items",
        "{ mustInts a }",
        {"mustInts": None, "a": "A"},
        [(NULL % "Query.mustInts", ["mustInts", 1])],
        root={"mustInts": [1, None, 2], "a": "A"},
    ),
    Case(
        "6.4.4 and where the list is non-null too",
        "{ allInts a }",
        None,
        [(NULL % "Query.allInts", ["allInts", 1])],
        root={"allInts": [1, None], "a": "A"},
    ),
    Case(
        "6.4.4 only one error for one list",
        "{ mustInts }",
        {"mustInts": None},
        [("no", ["mustInts", 0])],
        root={"mustInts": [ValueError("no"), None, ValueError("2")]},
    ),
    Case(
        "6.4.4 lists of lists: the inner list is null",
        "{ grid }",
        {"grid": [[1], None]},
        [(NULL % "Query.grid", ["grid", 1, 1])],
        root={"grid": [[1], [2, None]]},
    ),
    Case(
        "6.4.4 lists of lists: the outer list is null",
        "{ mustGrid }",
        {"mustGrid": None},
        [(NULL % "Query.mustGrid", ["mustGrid", 1, 1])],
        root={"mustGrid": [[1], [2, None]]},
    ),
    Case(
        "6.4.4 an error in a list of objects by the kind of the list",
        "{ me { pets { ...P } mustPets { name friend { name } } } } fragment P on Pet { name friend { name } }",
        {"me": {"pets": [{"name": "D", "friend": None}, {"name": None, "friend": None}], "mustPets": None}},
        [("no", ["me", "pets", 1, "name"]), (NULL % "Person.mustPets", ["me", "mustPets", 0])],
        root={"me": {"pets": [DOG, BAD], "mustPets": [None, DOG]}},
    ),
    Case(
        "6.4.4 an error goes on through non-null lists",
        "{ people { name allPets { name ... on Dog { barks } } } }",
        {"people": [None, {"name": "2", "allPets": []}]},
        [(NULL % "Dog.barks", ["people", 0, "allPets", 1, "barks"])],
        root={"people": [{"name": "1", "allPets": [{"is": "Cat"}, DOG]}, {"name": "2", "allPets": []}]},
    ),
    Case(
        "6.4.4 an error goes on to the data",
        "{ mustMe { mustParent { mustBest { ... on Dog { barks } } } } a }",
        None,
        [("no", ["mustMe", "mustParent", "mustBest", "barks"])],
        root={"mustMe": {"mustParent": {"mustBest": {"is": "Dog", "barks": raises("no")}}}, "a": "A"},
    ),
    Case(
        "6.4.4 an error that comes later goes on to the data",
        "{ mustMe { mustParent { mustLater } } }",
        None,
        [("no", ["mustMe", "mustParent", "mustLater"])],
        root={"mustMe": later({"mustParent": {"mustLater": later(error="no", turns=3)}})},
    ),
    Case(
        "6.4.4 an error is reported once where it nulls its parents",
        "{ me { mustParent { mustParent { mustName } } parent { mustName } } }",
        {"me": None},
        [("first", ["me", "mustParent", "mustParent", "mustName"])],
        root={
            "me": {
                "mustParent": {"mustParent": {"mustName": raises("first")}},
                "parent": {"mustName": raises("second")},
            }
        },
    ),
    Case(
        "6.4.4 null for a non-null field of a list of lists of objects",
        "{ people { homes { ... on Person { mustName } } } }",
        {"people": [{"homes": [None, {"mustName": "m"}, {}]}]},
        [(NULL % "Person.mustName", ["people", 0, "homes", 0, "mustName"])],
        root={"people": [{"homes": [{"is": "Person"}, {"is": "Person", "mustName": "m"}, {"is": "Cat"}]}]},
    ),
    Case(
        "6.4.4 a key is an alias in the path",
        "{ x: me { y: parent { z: mustName } } }",
        {"x": {"y": None}},
        [(NULL % "Person.mustName", ["x", "y", "z"])],
        root={"me": {"parent": {}}},
    ),
]


@pytest.mark.parametrize("executor", [STOCK, COMPILED], ids=["stock", "compiled"])
@pytest.mark.parametrize("case", COERCING + RESOLVING + LEAVES + ERRORS, ids=lambda case: case.name)
async def test_chapter_6_4(case: Case, executor: Executor) -> None:
    data, errors = await run_case(case, executor)
    assert ordered(data) == ordered(case.data)
    assert [(error.message, error.path) for error in errors] == case.errors
    assert executor is STOCK or last_fallback() is None


async def test_chapter_6_4_4_locations_are_those_of_all_merged_fields() -> None:
    case = Case("", "{ me {\n mustName\n } ...F }\nfragment F on Query { me { mustName } }", None, root={"me": {}})
    for executor in (STOCK, COMPILED):
        _, [error] = await run_case(case, executor)
        assert [(place.line, place.column) for place in error.locations or ()] == [(2, 2), (4, 28)]
        assert error.nodes is not None and len(error.nodes) == 2


async def test_chapter_6_4_1_variables_of_one_plan_are_not_kept() -> None:
    for n in (1, 2):
        case = Case("", "query($v: Int!) { needs(n: $v) }", None, root=ECHO, variables={"v": n})
        assert (await run_case(case, COMPILED))[0] == {"needs": f"n={n}"}
