"""Operations that ask for too much are refused before they run, in time that is linear in their text."""

from time import process_time
from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_introspection_query, parse

from domain.failures import QueryTooComplex
from server.graphql.cost import MAX_ROOT_FIELDS, check_cost, check_same_name_pairs


def check(text: str, **variables: Any) -> None:
    document = parse(text)
    check_same_name_pairs(document)
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    check_cost(document, operation, variables)


def test_lets_a_whole_dashboard_pass() -> None:
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


def test_lets_the_introspection_of_tools_pass() -> None:
    check(get_introspection_query(descriptions=True, input_value_deprecation=True))


def test_refuses_depth() -> None:
    with pytest.raises(QueryTooComplex, match="levels deep"):
        check("{ viewer " + "{ a " * 15 + "}" * 15 + " }")


def test_sees_depth_through_fragments() -> None:
    fragments = "".join(f"fragment F{n} on Query {{ a {{ ...F{n + 1} }} }} " for n in range(15))
    with pytest.raises(QueryTooComplex, match="levels deep"):
        check("{ ...F0 } " + fragments + "fragment F15 on Query { a }")


def test_refuses_many_root_fields_also_through_fragments() -> None:
    aliases = " ".join(f"a{n}: viewer" for n in range(MAX_ROOT_FIELDS))
    check(f"{{ {aliases} }}")
    with pytest.raises(QueryTooComplex, match="at its root"):
        check(f"{{ ...F ... {{ one: viewer }} }} fragment F on Query {{ {aliases} }}")


@pytest.mark.parametrize("first", [200, -1, "200", 10**9])
def test_pages_of_pages_are_too_much_whatever_the_variable_says(first: Any) -> None:
    inner = "assignments { administrator { customers(first: 200) { nodes { id name } } } }"
    with pytest.raises(QueryTooComplex, match="may answer more"):
        check(f"query ($n: Int) {{ customers(first: $n) {{ nodes {{ {inner} }} }} }}", n=first)


def test_chained_fragments_cost_no_time() -> None:
    fragments = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} a{n} }} " for n in range(60))
    begun = process_time()
    with pytest.raises(QueryTooComplex):
        check("{ ...F0 } " + fragments + "fragment F60 on Query { a }")
    # It takes some milliseconds; without a memory, 2^60 steps.
    assert process_time() - begun < 0.5


def test_refuses_what_would_make_validation_slow() -> None:
    with pytest.raises(QueryTooComplex, match="same names"):
        check_same_name_pairs(parse("{ " + "viewer { permissions } " * 200 + "}"))
