"""A root field that fails is null; its neighbours are answered."""

import pytest
from graphql import is_nullable_type

from tests.api_server import ApiHarness
from tests.schema.factory_mutations import accept_terms, token_of
from tests.schema.factory_paths import SCHEMA

# Each root field with an argument or a role for which it fails.
FAILURES = {
    "customers": "customers(first: 0) { totalCount }",
    "administrators": "administrators(last: 0) { totalCount }",
    "resources": "resources(first: 500) { totalCount }",
    "helpdeskRequests": 'helpdeskRequests(after: "x") { totalCount }',
    "tags": 'tags(search: "%s") { id }' % ("x" * 500),
    "activity": 'activity(after: "x") { nodes { id } }',
    "kpis": "kpis { asOf }",
    "licenseAnalytics": "licenseAnalytics(product: CALLING) { product }",
    "callingEngagement": "callingEngagement { weekStart }",
}
# They fail only with the whole operation, or the contract keeps them non-null.
NON_NULL = {"viewer", "feedCursor", "nodes"}


def test_every_root_field_that_can_fail_is_nullable() -> None:
    assert SCHEMA.query_type is not None
    non_null = {name for name, field in SCHEMA.query_type.fields.items() if not is_nullable_type(field.type)}
    assert non_null == NON_NULL


@pytest.mark.parametrize("name", FAILURES)
def test_the_neighbours_of_a_failing_field_are_answered(api: ApiHarness, name: str) -> None:
    token = token_of(api, "HELPDESK_ADMINISTRATOR")
    query = f"{{ {FAILURES[name]} customerViews {{ id }} viewer {{ administrator {{ role }} }} }}"
    answer = api.execute(token, query)
    neighbours = {"customerViews": [], "viewer": {"administrator": {"role": "HELPDESK_ADMINISTRATOR"}}}
    assert answer["data"] == {name: None, **neighbours}
    assert [error["path"] for error in answer["errors"]] == [[name]]


def test_the_answer_of_a_mutation_stays_beside_a_forbidden_one(api: ApiHarness) -> None:
    accept_terms(api)
    token = token_of(api, "HELPDESK_ADMINISTRATOR")
    done = 'requestHelpdesk(input: {topic: OTHER, subject: "S", message: "M"}) { request { subject } }'
    forbidden = 'createTag(input: {name: "T"}) { tag { id } }'
    answer = api.execute(token, f"mutation {{ {done} {forbidden} }}")
    assert answer["data"] == {"requestHelpdesk": {"request": {"subject": "S"}}, "createTag": None}
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]) == (["createTag"], {"code": "FORBIDDEN", "permission": "EDIT_TAGS"})
