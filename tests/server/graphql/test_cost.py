"""Limits of an operation: they are checked before it runs, in time that is linear in its text."""

from time import process_time
from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse

from domain.failures import QueryTooComplex
from schema.build import build_schema
from server.graphql.cost import (
    MAX_ROOT_FIELDS,
    check_cost,
    check_same_name_pairs,
    estimate_complexity,
    read_field_costs,
)

FIELD_COSTS = read_field_costs(build_schema()._schema)


def check(text: str, **variables: Any) -> None:
    document = parse(text)
    check_same_name_pairs(document)
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    check_cost(document, operation, variables, FIELD_COSTS)


def cost_of(text: str, **variables: Any) -> int:
    document = parse(text)
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    return estimate_complexity(document, operation, variables, FIELD_COSTS).cost


def test_accepts_a_whole_dashboard() -> None:
    check(
        """
        query ($n: Int) { viewer { partner { name } } customers(first: $n) { totalCount nodes { ...C } } }
        fragment C on Customer {
          id name statuses statusDetails { status reason entitlements { id } }
          subscriptions { number state licenses { product total assigned used } }
          trials { number licenses { product total } } assignments { administrator { displayName } }
          licenses { product overage }
        }
        """,
        n=200,
    )


def test_accepts_the_introspection_of_tools() -> None:
    check(get_introspection_query(descriptions=True, input_value_deprecation=True))


def test_estimates_introspection_inside_a_fragment() -> None:
    check("{ ...F } fragment F on Query { __schema { types { name fields { name } } } __typename }")


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (2, "{ viewer { permissions } }"),
        (3, "{ viewer { __typename permissions } }"),
        (1 + 25 * 2, "{ customers { nodes { id } } }"),
        (1 + 7 * 2, "{ customers(first: 7) { nodes { id } } }"),
        (1 + 7 * 2, "{ customers(last: 7) { nodes { id } } }"),
        (1 + 200 * 2, "{ customers(first: 7, last: 200) { nodes { id } } }"),
        (1 + 25, "{ customers { totalCount } }"),
        (1 + 25, "{ administrators { totalCount } }"),
        (1 + 200, '{ nodes(ids: ["cus_1"]) { id } }'),
        (1 + 200 * (1 + 4 * 1), '{ nodes(ids: ["cus_1"]) { ... on Customer { subscriptions { number } } } }'),
        (1 + 200 * (1 + 2 * 1), '{ nodes(ids: ["cus_1"]) { ...F } } fragment F on Customer { trials { number } }'),
        (1 + 1 + 4 * (1 + 4), '{ customer(by: {id: "cus_1"}) { ... { subscriptions { licenses { total } } } } }'),
        (1 + 20, "{ customerViews { name } }"),
        (10 + 1 + 1, "{ kpis { totalCustomers { count } } }"),
        (10 + 1 + 52, "{ licenseAnalytics(product: CALLING) { licenseTrend(weeks: 2) { weekStart } } }"),
        (1 + 1, "subscription { activity { cursor } }"),
        (1 + 1 + 25 * 1, "mutation { assignTags(input: {}) { customers { id } } }"),
    ],
)
def test_a_field_costs_its_weight_and_its_size_times_what_is_below_it(expected: int, text: str) -> None:
    assert cost_of(text) == expected


@pytest.mark.parametrize(
    ("value", "size"),
    [(7, 7), (1, 1), (200, 200), (None, 25), (201, 200), (0, 200), (-1, 200), ("7", 200), (7.0, 200), (10**9, 200)],
)
def test_an_invalid_page_size_costs_the_largest_page(value: Any, size: int) -> None:
    text = "query ($n: Int) { customers(first: $n) { nodes { id } } }"
    assert cost_of(text, n=value) == 1 + size * 2


def test_a_variable_that_is_not_given_costs_the_default_page() -> None:
    assert cost_of("query ($n: Int) { customers(first: $n) { nodes { id } } }") == 1 + 25 * 2


def test_a_literal_that_is_no_number_costs_the_largest_page() -> None:
    assert cost_of("{ customers(first: null) { nodes { id } } }") == 1 + 200 * 2


def test_rejects_depth() -> None:
    levels = "customers(first: 1) { nodes { assignments { administrator { "
    check("{ " + levels * 3 + "id " + "} " * 12 + "}")
    with pytest.raises(QueryTooComplex, match="17 levels deep"):
        check("{ " + levels * 4 + "id " + "} " * 16 + "}")


def test_sees_depth_through_fragments() -> None:
    fragments = "".join(f"fragment F{n} on Query {{ viewer {{ ...F{n + 1} }} }} " for n in range(15))
    with pytest.raises(QueryTooComplex, match="levels deep"):
        check("{ ...F0 } " + fragments + "fragment F15 on Query { viewer }")


def test_rejects_many_root_fields_also_through_fragments() -> None:
    aliases = " ".join(f"a{n}: viewer" for n in range(MAX_ROOT_FIELDS))
    check(f"{{ {aliases} }}")
    with pytest.raises(QueryTooComplex, match="at its root"):
        check(f"{{ ...F ... {{ one: viewer }} }} fragment F on Query {{ {aliases} }}")


@pytest.mark.parametrize("first", [200, -1, "200", 10**9])
def test_rejects_pages_of_pages_whatever_the_variable_says(first: Any) -> None:
    inner = "assignments { administrator { customers(first: 200) { nodes { id name } } } }"
    with pytest.raises(QueryTooComplex, match="may answer more"):
        check(f"query ($n: Int) {{ customers(first: $n) {{ nodes {{ {inner} }} }} }}", n=first)


def test_the_size_of_a_connection_multiplies_its_facets_and_total() -> None:
    inner = "assignments { administrator { customers(first: 200) { totalCount facets { status { count } } } } }"
    with pytest.raises(QueryTooComplex, match="may answer more"):
        check(f"{{ customers(first: 200) {{ nodes {{ {inner} }} }} }}")


def test_chained_fragments_cost_no_time() -> None:
    fragments = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} a{n}: viewer }} " for n in range(60))
    begun = process_time()
    with pytest.raises(QueryTooComplex):
        check("{ ...F0 } " + fragments + "fragment F60 on Query { viewer }")
    # It takes some milliseconds; without the memory of estimated fragments, 2^60 steps.
    assert process_time() - begun < 0.5


def test_a_fragment_that_contains_itself_or_does_not_exist_ends() -> None:
    check("{ viewer { ...F } ...Missing } fragment F on Viewer { permissions ...F }")


def test_rejects_what_would_make_validation_slow() -> None:
    with pytest.raises(QueryTooComplex, match="same names"):
        check_same_name_pairs(parse("{ " + "viewer { permissions } " * 200 + "}"))
