"""Limits of an operation: they are checked before it runs, in time that is linear in its text."""

from time import thread_time
from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse

from domain.failures import QueryTooComplex
from schema.build import build_schema
from schema.costs import AGGREGATE_COST, MUTATION_COST, RELATION_COST, RESOLVER_COST, ROW_COST
from server.graphql.cost import (
    MAX_ROOT_FIELDS,
    check_cost,
    check_same_name_pairs,
    estimate_complexity,
    read_field_costs,
)
from tests.machine_speed import is_below

SCHEMA = build_schema()._schema
FIELD_COSTS = read_field_costs(SCHEMA)
LOADED, COMPUTED, ROW, TYPES = RELATION_COST, RESOLVER_COST, ROW_COST, len(SCHEMA.type_map)


# The same field under twelve names.
NAMES = " ".join(f"n{n}: name" for n in range(12))


def check(text: str, **variables: Any) -> None:
    document = parse(text)
    check_same_name_pairs(document)
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    check_cost(document, operation, variables, FIELD_COSTS)


def cost_of(text: str, **variables: Any) -> float:
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
        n=100,
    )


def test_accepts_the_largest_page_with_three_relations() -> None:
    check(
        """
        { customers(first: 200) { totalCount nodes { id name domain country statuses tags { name color }
          subscriptions { number state endsAt licenses { product total assigned used } }
          assignments { administrator { displayName } } } } }
        """
    )


@pytest.mark.parametrize(
    "text",
    [
        "{ customers(first: 200) { nodes { activity(first: 200) { nodes { id } } } } }",
        "{ administrators(first: 200) { nodes { customers(first: 200) { nodes { id } } } } }",
        "{ tags { customers(first: 200) { nodes { tags { name } } } } }",
        "{ tags { customers { totalCount } } }",
        "{" + " ".join(f"a{n}: customers(first: 200) {{ nodes {{ id name statuses }} }}" for n in range(30)) + "}",
        "{ customers(first: 200) { nodes {" + " ".join(f"a{n}: tags {{ id }}" for n in range(30)) + "} } }",
        "{ __schema {" + " ".join(f"t{n}: types {{ fields {{ {NAMES} }} }}" for n in range(20)) + "} }",
        "{" + " ".join(f"s{n}: __schema {{ types {{ fields {{ args {{ {NAMES} }} }} }} }}" for n in range(20)) + "}",
    ],
)
def test_rejects_what_takes_longer_than_the_budget(text: str) -> None:
    with pytest.raises(QueryTooComplex, match="are allowed"):
        check(text)


def test_accepts_the_introspection_of_tools() -> None:
    check(get_introspection_query(True, True, True, True, True, True, True))


def test_estimates_introspection_inside_a_fragment() -> None:
    check("{ ...F } fragment F on Query { __schema { types { name fields { name } } } __typename }")


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (LOADED + 2, "{ viewer { permissions } }"),
        (LOADED + 3, "{ viewer { __typename permissions } }"),
        (LOADED + 25 * (ROW + 1), "{ customers { nodes { id } } }"),
        (LOADED + 7 * (ROW + 1), "{ customers(first: 7) { nodes { id } } }"),
        (LOADED + 7 * (ROW + 1), "{ customers(last: 7) { nodes { id } } }"),
        (LOADED + 200 * (ROW + 1), "{ customers(first: 7, last: 200) { nodes { id } } }"),
        (LOADED + 7 * (ROW + 1 + 1), "{ customers(first: 7) { edges { node { id } } } }"),
        (LOADED + 25 * COMPUTED, "{ customers { totalCount } }"),
        (LOADED + 1, '{ nodes(ids: ["cus_1"]) { id } }'),
        (LOADED + 2 * (LOADED + 3 * 1), '{ nodes(ids: ["a", "b"]) { ... on Customer { subscriptions { number } } } }'),
        (LOADED + LOADED + 2 * 1, '{ nodes(ids: ["a"]) { ...F } } fragment F on Customer { trials { number } }'),
        (
            LOADED + LOADED + 3 * (LOADED + 3 * 1),
            '{ customer(by: {id: "cus_1"}) { ... { subscriptions { licenses { total } } } } }',
        ),
        (LOADED + 20, "{ customerViews { name } }"),
        (LOADED + 1_000, "{ tags { name } }"),
        (AGGREGATE_COST + 1 + COMPUTED, "{ kpis { totalCustomers { count } } }"),
        (
            AGGREGATE_COST + LOADED + 2,
            "{ licenseAnalytics(product: CALLING) { licenseTrend(weeks: 2) { weekStart } } }",
        ),
        (AGGREGATE_COST + LOADED + 12, "{ licenseAnalytics(product: CALLING) { licenseTrend { weekStart } } }"),
        (1 + COMPUTED, "subscription { activity { cursor } }"),
        (MUTATION_COST + LOADED + 100 * 1, "mutation { assignTags(input: {}) { customers { id } } }"),
        (1 + 1, '{ __type(name: "Customer") { name } }'),
        (1 + COMPUTED + TYPES * 2, "{ __schema { types { name kind } } }"),
        (1 + COMPUTED + TYPES * 2, "{ ...F } fragment F on Query { __schema { types { name kind } } }"),
    ],
)
def test_a_field_costs_its_weight_and_its_size_times_what_is_below_it(expected: int, text: str) -> None:
    assert cost_of(text) == expected


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (7, 7),
        (1, 1),
        (200, 200),
        (None, 25),
        (201, 200),
        (0, 200),
        (-1, 200),
        ("7", 200),
        (True, 200),
        (7.0, 200),
        (10**9, 200),
    ],
)
def test_an_invalid_page_size_costs_the_largest_page(value: Any, size: int) -> None:
    text = "query ($n: Int) { customers(first: $n) { nodes { id } } }"
    assert cost_of(text, n=value) == LOADED + size * (ROW + 1)


def test_a_variable_that_is_not_given_costs_the_default_page() -> None:
    assert cost_of("query ($n: Int) { customers(first: $n) { nodes { id } } }") == LOADED + 25 * (ROW + 1)


@pytest.mark.parametrize(("given", "size"), [({}, 150), ({"n": 7}, 7), ({"n": None}, 25)])
def test_the_default_of_a_variable_counts_where_no_value_is_given(given: dict[str, Any], size: int) -> None:
    text = "query ($n: Int = 150) { customers(first: $n) { nodes { id } } }"
    assert cost_of(text, **given) == LOADED + size * (ROW + 1)


def test_a_literal_that_is_no_number_costs_the_largest_page() -> None:
    assert cost_of("{ customers(first: null) { nodes { id } } }") == LOADED + 200 * (ROW + 1)


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
    with pytest.raises(QueryTooComplex, match=r"costs [\d,]+; 30,000 are allowed"):
        check(f"query ($n: Int) {{ customers(first: $n) {{ nodes {{ {inner} }} }} }}", n=first)


def test_the_size_of_a_connection_multiplies_its_facets_and_total() -> None:
    inner = "assignments { administrator { customers(first: 200) { totalCount facets { status { count } } } } }"
    with pytest.raises(QueryTooComplex, match=r"costs [\d,]+; 30,000 are allowed"):
        check(f"{{ customers(first: 200) {{ nodes {{ {inner} }} }} }}")


def test_chained_fragments_cost_no_time() -> None:
    fragments = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} a{n}: viewer }} " for n in range(60))
    begun = thread_time()
    with pytest.raises(QueryTooComplex):
        check("{ ...F0 } " + fragments + "fragment F60 on Query { viewer }")
    # It takes some milliseconds; without the memory of estimated fragments, 2^60 steps.
    assert is_below(thread_time() - begun, 0.5)


def test_a_fragment_that_contains_itself_or_does_not_exist_ends() -> None:
    check("{ viewer { ...F } ...Missing } fragment F on Viewer { permissions ...F }")


def test_rejects_what_would_make_validation_slow() -> None:
    with pytest.raises(QueryTooComplex, match="same names"):
        check_same_name_pairs(parse("{ " + "viewer { permissions } " * 200 + "}"))
