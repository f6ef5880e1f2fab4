"""Texts that MongoDB could read as an operator, a regular expression or the end of a text find only themselves."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from domain.imports.records import ImportKind
from tests.api_server import ApiHarness
from tests.domain.imports.factory_records import customer_record, invoice_record, order_record, subscription_record
from tests.jobs.imports.factory_imports import import_lines
from tests.operator_texts import NUL_TEXTS, OPERATOR_TEXTS
from tests.schema.factory_mutations import accept_terms, send_mutation, token_of

# Half of the texts are stored, beside plain ones that an operator or expression would match.
STORED = ("plain", "date", *OPERATOR_TEXTS[::2])
ASKED = (*STORED, *OPERATOR_TEXTS)
LOOKUPS = {
    "customer": "customer(by: {externalId: $text}) { found: externalId }",
    "entitlement": "entitlement(number: $text) { ... on CustomerSubscription { found: number } }",
    "order": "order(number: $text) { found: number }",
    "invoice": "invoice(number: $text) { found: number }",
}


def imported(api: ApiHarness, kind: ImportKind, lines: Sequence[Mapping[str, Any]]) -> Any:
    return api.store(lambda scope: import_lines(scope, kind, *lines))


@pytest.fixture(scope="module")
def api(shared_server: ApiHarness) -> ApiHarness:
    """A partner whose objects of each kind have the stored texts as their numbers, names and countries."""
    api = shared_server.with_new_partners()
    accept_terms(api)
    records = {
        ImportKind.CUSTOMERS: [customer_record(text, name=f"Name {text}") for text in STORED],
        ImportKind.SUBSCRIPTIONS: [subscription_record(text, customer=text) for text in STORED],
        ImportKind.ORDERS: [order_record(text, subscription=text) for text in STORED],
        ImportKind.INVOICES: [invoice_record(text, subscription=text) for text in STORED],
    }
    for kind, lines in records.items():
        assert imported(api, kind, lines).summary.refused == 0, kind
    token = token_of(api, "FULL_ADMINISTRATOR")
    for text in STORED:
        assert send_mutation(api, token, "createTag", "tag { id }", name=text)["userErrors"] == [], text
    return api


@pytest.fixture(scope="module")
def token(api: ApiHarness) -> str:
    return token_of(api, "FULL_ADMINISTRATOR")


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_lookup_finds_only_the_text_itself(api: ApiHarness, token: str, name: str) -> None:
    kind = "ID!" if name == "customer" else "String!"
    for text in (*ASKED, *NUL_TEXTS):
        found = api.execute_data(token, f"query($text: {kind}) {{ {LOOKUPS[name]} }}", text=text)[name]
        assert found == ({"found": text} if text in STORED else None), text


@pytest.mark.parametrize("name", ["actor", "customer"])
def test_a_filter_of_the_activity_matches_only_the_id_itself(api: ApiHarness, token: str, name: str) -> None:
    query = f"query($ids: [ID!]) {{ activity(filter: {{{name}: $ids}}) {{ nodes {{ id }} }} }}"
    for text in (*ASKED, *NUL_TEXTS):
        assert api.execute_data(token, query, ids=[text])["activity"]["nodes"] == [], text


@pytest.mark.parametrize("name", ["tag", "administrator", "country"])
def test_a_filter_of_customers_matches_only_the_value_itself(api: ApiHarness, token: str, name: str) -> None:
    kind = "String" if name == "country" else "ID"
    query = f"query($values: [{kind}!]) {{ customers(filter: {{{name}: $values}}) {{ totalCount nodes {{ id }} }} }}"
    for text in (*ASKED, *NUL_TEXTS):
        answer: dict[str, Any] = api.execute_data(token, query, values=[text])
        assert answer["customers"] == {"totalCount": 0, "nodes": []}, text


def test_a_tag_has_the_text_as_its_name(api: ApiHarness, token: str) -> None:
    names = {tag["name"] for tag in api.execute_data(token, "{ tags { name } }")["tags"]}
    assert names == set(STORED)
    for text in STORED:
        found = api.execute_data(token, "query($text: String) { tags(search: $text) { name } }", text=text)["tags"]
        assert text in {tag["name"] for tag in found} <= names
