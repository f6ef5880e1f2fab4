"""Chapter 6.3 of the GraphQL specification (October 2021), Executing Selection Sets, as cases for both executors."""

import asyncio
from typing import Any

import pytest

from tests.execution.comparison import STOCK, Executor, ordered
from tests.execution.executors import COMPILED, last_fallback
from tests.execution.factory_specification import NULL, Case, later, raises, run_case

ABC = {"a": "A", "b": "B", "c": "C"}
ME = {"me": {"name": "N", "firstName": "F", "lastName": "L", "parent": {"name": "P", "firstName": "PF"}}}
DOG = {"is": "Dog", "name": "Rex", "barks": True, "number": 3, "friend": {"is": "Cat", "name": "Tom", "meows": True}}
CAT = {"is": "Cat", "name": "Tom", "meows": False, "number": 1.5}

CASES = [
    # 6.3: the result map is ordered by which fields appear first in the operation.
    Case("6.3 result in the order of the operation", "{ c a b }", {"c": "C", "a": "A", "b": "B"}, root=ABC),
    Case(
        "6.3 order though values come in another",
        "{ c a b }",
        {"c": "C", "a": "A", "b": "B"},
        root={"c": later("C", turns=4), "a": "A", "b": later("B")},
    ),
    Case("6.3 a response key is the alias", "{ x: a y: a a: b }", {"x": "A", "y": "A", "a": "B"}, root=ABC),
    Case(
        "6.3 __typename at every level",
        "{ __typename me { __typename t: __typename } pet { __typename } }",
        {"__typename": "Query", "me": {"__typename": "Person", "t": "Person"}, "pet": {"__typename": "Dog"}},
        root=ME | {"pet": DOG},
    ),
    Case(
        "6.3 an error of a non-null field makes its selection set null",
        "{ me { name mustName } a }",
        {"me": None, "a": "A"},
        [(NULL % "Person.mustName", ["me", "mustName"])],
        root=ME | ABC,
    ),
    Case(
        "6.3 an error of a non-null field goes on to the parent's parent",
        "{ me { mustParent { mustName } } a }",
        {"me": None, "a": "A"},
        [("no", ["me", "mustParent", "mustName"])],
        root={"me": {"mustParent": {"mustName": raises("no")}}, "a": "A"},
    ),
    Case(
        "6.3.1 fields execute in parallel",
        "{ a b c }",
        {"a": "1", "b": "2", "c": "3"},
        root={"a": later("1", turns=3), "b": later("2", turns=2), "c": later("3")},
    ),
    Case(
        "6.3.2 fields of a fragment are merged",
        "{ me { name } ...F } fragment F on Query { me { firstName } a }",
        {"me": {"name": "N", "firstName": "F"}, "a": "A"},
        root=ME | ABC,
    ),
    Case(
        "6.3.2 depth-first order of field groups",
        "{ a ...F c } fragment F on Query { b ...G a } fragment G on Query { c }",
        {"a": "A", "b": "B", "c": "C"},
        root=ABC,
    ),
    Case(
        "6.3.2 a group stands where its first field stands",
        "{ me { lastName } a me { firstName lastName } }",
        {"me": {"lastName": "L", "firstName": "F"}, "a": "A"},
        root=ME | ABC,
    ),
    Case(
        "6.3.2 a fragment is visited once",
        "{ ...F b ...F } fragment F on Query { a ...G } fragment G on Query { c }",
        {"a": "A", "c": "C", "b": "B"},
        root=ABC,
    ),
    Case(
        "6.3.2 a skipped spread does not count as visited",
        "query($no: Boolean!) { ...F @skip(if: $no) b ...F } fragment F on Query { a }",
        {"b": "B", "a": "A"},
        root=ABC,
        variables={"no": True},
    ),
    *[
        Case(
            f"6.3.2 skip {skip} include {include}",
            "query($s: Boolean!, $i: Boolean!) { a @skip(if: $s) @include(if: $i) b @include(if: $i) @skip(if: $s) c }",
            {"a": "A", "b": "B", "c": "C"} if include and not skip else {"c": "C"},
            root=ABC,
            variables={"s": skip, "i": include},
        )
        for skip in (True, False)
        for include in (True, False)
    ],
    Case("6.3.2 skip and include with literals", "{ a @skip(if: true) b @include(if: true) }", {"b": "B"}, root=ABC),
    Case(
        "6.3.2 a condition has the default of its variable",
        "query($i: Boolean! = false) { a @include(if: $i) b }",
        {"b": "B"},
        root=ABC,
    ),
    Case(
        "6.3.2 conditions at fragments",
        "query($i: Boolean!) { ... @include(if: $i) { a } ... on Query @skip(if: $i) { b } ...F @include(if: $i) }"
        " fragment F on Query { c }",
        {"a": "A", "c": "C"},
        root=ABC,
        variables={"i": True},
    ),
    Case(
        "6.3.2 a field that is skipped at one place is selected at another",
        "query($s: Boolean!) { me { name @skip(if: $s) firstName } me { name } }",
        {"me": {"firstName": "F", "name": "N"}},
        root=ME,
        variables={"s": True},
    ),
    Case("6.3.2 nothing is left", "{ me { name @skip(if: true) } }", {"me": {}}, root=ME),
    Case(
        "6.3.2 a fragment applies to its object type",
        "{ pet { ... on Dog { barks } ... on Cat { meows } } }",
        {"pet": {"barks": True}},
        root={"pet": DOG},
    ),
    Case(
        "6.3.2 a fragment applies to objects of its interface",
        "{ home { ... on Named { name } ... on Pet { friend { name } } } }",
        {"home": {"name": "Tom", "friend": None}},
        root={"home": CAT},
    ),
    Case(
        "6.3.2 a fragment applies to objects of its union",
        "{ pet { ... on Home { ... on Cat { meows } } name } }",
        {"pet": {"meows": False, "name": "Tom"}},
        root={"pet": CAT},
    ),
    Case(
        "6.3.2 a fragment of a union does not apply to others",
        "{ pet { ... on Home { __typename } name } }",
        {"pet": {"name": "Rex"}},
        root={"pet": DOG},
    ),
    Case(
        "6.3.2 an inline fragment without a type",
        "{ pet { ... { name } ... @include(if: true) { n: name } } }",
        {"pet": {"name": "Rex", "n": "Rex"}},
        root={"pet": DOG},
    ),
    Case(
        "6.3.2 each object of a list has the fields of its type",
        "{ me { pets { ... on Dog { barks name } ... on Cat { name meows } } } }",
        {
            "me": {
                "pets": [
                    {"barks": True, "name": "Rex"},
                    {"name": "Tom", "meows": False},
                    {"barks": True, "name": "Rex"},
                ]
            }
        },
        root={"me": {"pets": [DOG, CAT, DOG]}},
    ),
]


@pytest.mark.parametrize("executor", [STOCK, COMPILED], ids=["stock", "compiled"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_chapter_6_3(case: Case, executor: Executor) -> None:
    data, errors = await run_case(case, executor)
    assert ordered(data) == ordered(case.data)
    assert [(error.message, error.path) for error in errors] == case.errors
    assert executor is STOCK or last_fallback() is None


class Number:
    """The example of the chapter: fields that change a number, and tell it below."""

    def __init__(self) -> None:
        self.value = 0
        self.log: list[str] = []

    def root(self) -> dict[str, Any]:
        """Return the root value of a mutation."""
        return {
            "change": self.change,
            "changeLater": self.change_later,
            "fail": raises("failed"),
            "mustFail": raises("failed"),
            "failLater": later(error="failed later", turns=2),
        }

    def change(self, to: int) -> dict[str, Any]:
        """Set the number; the value below is read as late as possible."""
        self.log.append(f"set {to}")
        self.value = to
        return {"number": self.read}

    async def change_later(self, to: int) -> dict[str, Any]:
        """Set the number in some turns of the event loop."""
        self.log.append(f"begin {to}")
        await asyncio.sleep(0)
        self.value = to
        self.log.append(f"end {to}")
        return {"number": self.read_later}

    def read(self) -> int:
        """Return the number."""
        self.log.append(f"read {self.value}")
        return self.value

    async def read_later(self) -> int:
        """Return the number of some turns later."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return self.read()


SERIAL = [
    Case(
        "6.3.1 each mutation with its selection before the next",
        "mutation { first: change(to: 1) { number } second: change(to: 3) { number } third: change(to: 2) { number } }",
        {"first": {"number": 1}, "second": {"number": 3}, "third": {"number": 2}},
    ),
    Case(
        "6.3.1 each mutation that waits with its selection before the next",
        "mutation { first: changeLater(to: 1) { number } second: change(to: 3) { number }"
        " third: changeLater(to: 2) { number } }",
        {"first": {"number": 1}, "second": {"number": 3}, "third": {"number": 2}},
    ),
    Case(
        "6.3.1 a mutation that fails does not stop the next",
        "mutation { fail first: changeLater(to: 1) { number } failLater second: change(to: 2) { number } }",
        {"fail": None, "first": {"number": 1}, "failLater": None, "second": {"number": 2}},
        [("failed", ["fail"]), ("failed later", ["failLater"])],
    ),
    Case(
        "6.3.1 a non-null mutation that fails stops the next",
        "mutation { first: changeLater(to: 1) { number } mustFail second: change(to: 2) { number } }",
        None,
        [("failed", ["mustFail"])],
    ),
    Case(
        "6.3.1 mutations in the order of field collection",
        "mutation { ...F second: change(to: 2) { number } first: change(to: 1) { n: number } }"
        " fragment F on Mutation { first: change(to: 1) { number } }",
        {"first": {"number": 1, "n": 1}, "second": {"number": 2}},
    ),
]


@pytest.mark.parametrize("case", SERIAL, ids=lambda case: case.name)
async def test_chapter_6_3_1_serial(case: Case) -> None:
    logs = []
    for executor in (STOCK, COMPILED):
        number = Number()
        data, errors = await run_case(case._replace(root=number.root()), executor)
        assert ordered(data) == ordered(case.data)
        assert [(error.message, error.path) for error in errors] == case.errors
        logs.append(number.log)
    assert last_fallback() is None
    # The same work in the same order; nothing of a later mutation.
    assert logs[0] == logs[1]


async def test_chapter_6_3_2_conditions_of_one_document_are_independent() -> None:
    text = (
        "query($a: Boolean!, $b: Boolean!) { a @include(if: $a) me @skip(if: $b) { name firstName @include(if: $a) } }"
    )
    for a in (True, False, True):
        for b in (False, True):
            below = {"name": "N", "firstName": "F"} if a else {"name": "N"}
            expected = ({"a": "A"} if a else {}) | ({} if b else {"me": below})
            case = Case("", text, expected, root=ME | ABC, variables={"a": a, "b": b})
            assert await run_case(case, COMPILED) == (expected, [])
