"""Documents are validated as graphql-core does it: the same errors, in the same order, at the same places."""

import json
from collections.abc import Iterator

import graphql
import pytest
from graphql import DocumentNode, GraphQLError, specified_rules

from bench.hostile_cases import Tokens
from bench.more_hostile_cases import all_cases
from domain.failures import QueryTooComplex
from schema.build import build_schema
from server.graphql.cost import check_same_name_pairs
from server.graphql.document_visits import validate
from server.graphql.one_of import OneOfVariablesRule
from server.graphql.parsing import parse_document

SCHEMA = build_schema()._schema
RULES = (*specified_rules, OneOfVariablesRule)
MAX_ERRORS = 50
TOKENS = Tokens("token", "token", "token", "cus_1", "tag_1", ("cus_1",))
WRONG = {
    "skipped values": "{ customers(filter: {status: [A], search: {a: 1}}) { totalCount } tags(x: [{y: 1}]) { name } }",
    "conflicts": '{ a: node(id: "1") { id } a: node(id: "2") { id } ...F } fragment F on Query { a: feedCursor }',
    "fragments": "{ ...A ...G } fragment A on Query { ...B } fragment B on Query { ...A } fragment C on Tag { x }",
    "variables": "query Q($a: ID!, $a: Nothing, $b: [Int!] = 1) { node(id: $c) { id @include(if: $b) } } query Q { x }",
    "subscription": "subscription { activity { cursor } kpisChanged { totalCustomers { count } } }",
    "definitions": "type A { b: Int } { viewer }",
    "directives": "query @skip(if: true) { viewer @include @include(if: 1) @no { permissions @deprecated } }",
}


def texts() -> Iterator[str]:
    """Yield the hostile texts and some with mistakes of all sorts."""
    yield from WRONG.values()
    for case in all_cases():
        body = case.build(TOKENS).partition(b"\r\n\r\n")[2]
        # Python's own reader refuses numbers of 9,000 digits.
        if body.startswith(b'{"query"') and len(body) < 3_000 and b"9" * 4_301 not in body:
            yield json.loads(body)["query"]


def documents() -> Iterator[DocumentNode]:
    for text in texts():
        document = parse_document(text)
        if isinstance(document, list):
            continue
        try:
            check_same_name_pairs(document)
        except QueryTooComplex:
            continue
        yield document


def describe(errors: list[GraphQLError]) -> list[tuple[object, ...]]:
    return [(error.message, error.locations) for error in errors[:MAX_ERRORS]]


def test_finds_the_errors_that_graphql_core_finds() -> None:
    errors, checked = 0, 0
    for document in documents():
        found = validate(SCHEMA, document, RULES, MAX_ERRORS, hide_suggestions=True)
        expected = graphql.validate(SCHEMA, document, RULES, max_errors=MAX_ERRORS, hide_suggestions=True)
        assert describe(found) == describe(expected)
        errors, checked = errors + len(found), checked + 1
    assert checked > 60 and errors > 100


def test_fragments_that_are_nested_too_deeply_are_refused() -> None:
    deep = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(220))
    document = graphql.parse(f"{{ ...F0 }} {deep} fragment F220 on Query {{ feedCursor }}")
    with pytest.raises(RecursionError):
        validate(SCHEMA, document, RULES, MAX_ERRORS)
