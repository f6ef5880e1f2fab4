"""What the input of a mutation lists has a cost, wherever the list stands."""

from time import thread_time
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type, parse_value

from schema.build import build_schema
from server.graphql.input_cost import FILTER_FIELDS, FILTER_ITEMS, INPUT_ITEM_COST, count_argument, count_variables
from server.graphql.operations import OperationRejected, Operations
from server.graphql.variables import MAX_LIST_LENGTH
from tests.machine_speed import is_below

TAGS = "assignTags(input: {customers: %s, tags: %s}) { changed }"
THREE = ["a", "b", "c"]
OPERATIONS = Operations(build_schema())


def cost_of(text: str, variables: dict[str, Any] | None = None, operations: Operations | None = None) -> int:
    return (operations or Operations(build_schema())).prepare(text, None, variables or {}).cost


def mutation(declared: str, customers: str, tags: str = "[]") -> str:
    return f"mutation{declared} {{ {TAGS % (customers, tags)} }}"


@pytest.mark.parametrize(
    ("text", "variables", "items"),
    [
        (mutation("", '{ids: ["a", "b"]}'), {}, 2),
        (mutation("", '{ids: "a"}'), {}, 0),
        (mutation("", '{ids: ["a", "b"]}', '["c"]'), {}, 3),
        (mutation("($c: [ID!]!)", "{ids: $c}"), {"c": THREE}, 3),
        (mutation("($c: [ID!]!)", "{ids: $c}"), {"c": "a"}, 0),
        (mutation('($c: [ID!]! = ["a"])', "{ids: $c}"), {}, 1),
        (mutation("($c: CustomerSelection!)", "$c"), {"c": {"ids": THREE}}, 3),
        (mutation('($c: CustomerSelection! = {ids: ["a", "b"]})', "$c"), {}, 2),
        (mutation("($c: [ID!]!)", "{ids: $c}"), {"c": [9**4_000, 1e308, "x", None]}, 4),
        ("mutation($i: AssignTagsInput!) { assignTags(input: $i) { changed } }", {"i": {"tags": THREE}}, 3),
        (mutation("", "{matching: {}}"), {}, FILTER_ITEMS),
        (mutation("", "{matching: {not: {status: [TRIAL]}}}"), {}, FILTER_ITEMS + 1),
        (mutation("($f: CustomerFilter!)", "{matching: $f}"), {"f": {}}, FILTER_ITEMS),
        (mutation("($c: CustomerSelection!)", "$c"), {"c": {"matching": {"country": ["DE"]}}}, FILTER_ITEMS + 1),
        (f"mutation {{ ...F }} fragment F on Mutation {{ {TAGS % ('{ids: [1]}', '[]')} }}", {}, 1),
    ],
)
def test_each_item_of_a_list_costs(text: str, variables: dict[str, Any], items: int) -> None:
    empty = cost_of(mutation("", "{ids: []}"))
    assert cost_of(text, variables) == empty + items * INPUT_ITEM_COST


def test_a_known_document_costs_what_its_variables_list() -> None:
    operations, text = Operations(build_schema()), mutation("($c: CustomerSelection!)", "$c")
    costs = [cost_of(text, {"c": {"ids": ids}}, operations) for ids in ([], THREE, THREE * 2, [])]
    assert [cost - costs[0] for cost in costs] == [0, 3 * INPUT_ITEM_COST, 6 * INPUT_ITEM_COST, 0]


def test_a_filter_that_is_null_costs_nothing() -> None:
    webhook = 'createWebhook(input: {name: "n", url: "https://a.example"%s}) { userErrors { code } }'
    declared, operations = "mutation($f: CustomerFilter) { %s }", Operations(build_schema())
    without = cost_of(f"mutation {{ {webhook % ''} }}")
    assert cost_of(f"mutation {{ {webhook % ', filter: null'} }}") == without
    text = declared % (webhook % ", filter: $f")
    filters: list[dict[str, Any] | None] = [None, {}, None]
    costs = [cost_of(text, {"f": filter_}, operations) for filter_ in filters]
    assert [cost - without for cost in costs] == [0, FILTER_ITEMS * INPUT_ITEM_COST, 0]


def test_every_filter_of_customers_in_an_input_is_weighed() -> None:
    inputs = [each for each in build_schema()._schema.type_map.values() if isinstance(each, GraphQLInputObjectType)]
    fields = [(name, field) for each in inputs if each.name != "CustomerFilter" for name, field in each.fields.items()]
    of_customers = {name for name, field in fields if get_named_type(field.type).name == "CustomerFilter"}
    assert of_customers == FILTER_FIELDS


def test_the_longest_list_is_one_operation_and_two_of_them_are_not() -> None:
    variables = {"c": ["x"] * 500}
    assert cost_of(mutation("($c: [ID!]!)", "{ids: $c}"), variables) < 30_000
    with pytest.raises(OperationRejected, match="costs"):
        cost_of("mutation($c: [ID!]!) { a: %s b: %s }" % ((TAGS % ("{ids: $c}", "[]"),) * 2), variables)


def test_the_filter_of_a_query_costs_nothing() -> None:
    text = "query($f: CustomerFilter) { customers(first: 1, filter: $f) { totalCount } }"
    assert cost_of(text, {"f": {"country": ["DE", "RS"]}}) == cost_of(text, {})


@pytest.mark.parametrize(
    ("literal", "items"),
    [
        ("[$c, $c]", 2 + 2 * 3),
        ("[$c, {matching: $c}, [[$n]]]", 3 + 2 * 3 + FILTER_ITEMS + 2),
        ("{matching: $n, filter: null, rule: $absent}", 0),
        ("{a: [{rule: {}}, {matching: [$n]}]}", 2 + 2 * FILTER_ITEMS + 1),
        ("[%s, -1.5, true, ENUM]" % ("9" * 5_000), 4),
    ],
)
def test_literals_hold_variables(literal: str, items: int) -> None:
    assert count_argument(parse_value(literal), count_variables({"c": THREE, "n": None})) == items


def test_a_variable_is_counted_once_however_often_it_is_named() -> None:
    text = mutation("($c: ID)", "{ids: [%s]}" % ("$c " * 700))
    for value in ([[["x"] * 999] * 4], ["x"] * MAX_LIST_LENGTH, {"a": {str(n): None for n in range(4_000)}}):
        begun = thread_time()
        with pytest.raises(OperationRejected):
            OPERATIONS.prepare(text, None, {"c": value})
        # Measured: 16 to 70 ms, validation included; 2 to 7 s where each use is counted.
        assert is_below(thread_time() - begun, 0.4)


def test_a_long_number_is_no_item() -> None:
    literal, variable = mutation("", "{ids: [%s]}"), mutation("($c: ID!)", "{ids: [$c]}")
    assert cost_of(literal % ("9" * 40)) == cost_of(literal % '"x"')
    assert cost_of(variable, {"c": 9**4_000}) == cost_of(variable, {"c": "x"})
