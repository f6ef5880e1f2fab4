"""docs/for-spa-developers.md in its own words: each operation, its variables, and the answer where one is shown."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from domain.user_errors import UserErrorCode
from tests.api_server import ApiHarness
from tests.exported_schema import printed_schema
from tests.schema.factory_mutations import accept_terms, send_mutation, token_of
from tests.store.factory_customers import add_customer, subscription
from tests.websocket_client import connect_websocket

PAGE = (Path(__file__).parent.parent.parent / "docs" / "for-spa-developers.md").read_text()
BLOCKS = re.findall(r"^```(\w+ ?\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


class Example(NamedTuple):
    """An operation of the page."""

    query: str
    variables: dict[str, Any]
    answer: dict[str, Any] | None


def _examples(ids: dict[str, str]) -> list[Example]:
    found: list[Example] = []
    for language, text in BLOCKS:
        filled = re.sub(r"(cus|tag)_…", lambda prefix: ids[prefix[1]], text)
        if language == "graphql":
            found.append(Example(filled, {}, None))
        elif language == "json":
            found[-1] = found[-1]._replace(variables=json.loads(filled))
        elif language == "json answer":
            found[-1] = found[-1]._replace(answer=json.loads(filled))
    return found


def test_each_operation_of_the_page_answers_as_the_page_says(api: ApiHarness) -> None:
    accept_terms(api)
    token = token_of(api, "FULL_ADMINISTRATOR")
    line = {"product": "CALLING", "total": 5, "assigned": 2, "used": 1, "day": None}
    held = subscription("S-1", licenses=[line])
    customer = api.store(lambda scope: add_customer(scope, "Müller", held))
    tag = send_mutation(api, token, "createTag", "tag { id }", name="Gold")["tag"]["id"]
    *asked, feed = _examples({"cus": customer, "tag": tag})
    after = ""
    for example in asked:
        data = api.execute_data(token, example.query, **example.variables)
        after = data.get("feedCursor", after)
        if example.answer is not None:
            assert data == example.answer
        else:
            assert all(payload.get("userErrors", []) == [] for payload in data.values() if isinstance(payload, dict))
    with connect_websocket(api.url, token) as widget:
        widget.subscribe(feed.query, after=after)
        send_mutation(api, token, "assignTags", "changed", customers={"ids": [customer]}, tags=[tag])
        change = widget.next()["customerListChanged"]
        assert (change["kind"], change["customer"]["tags"][0]["name"]) == ("UPDATED", "Gold")


def test_the_page_names_every_code_of_user_errors() -> None:
    assert {code for code in UserErrorCode if f"`{code}`" not in PAGE} == set()


def test_the_page_names_only_what_there_is() -> None:
    names = {*re.findall(r"\w+", printed_schema())}
    assert {"acceptTerms", "bulkJob", "tagChanged", "customerStatusChanged", "activity", "dryRun"} <= names
