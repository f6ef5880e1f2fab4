"""Creating, changing and deleting tags."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api_server import Api
from tests.schema.factory_mutations import accept_terms, codes, events, mutated, token_of

TAG = "tag { id name color description version createdBy { role } }"


@pytest.fixture
def token(api: Api) -> str:
    """A full administrator of an organization that has accepted the terms."""
    accept_terms(api)
    return token_of(api, "FULL_ADMINISTRATOR")


def test_a_created_tag_is_found_and_told(api: Api, token: str) -> None:
    made = mutated(api, token, "createTag", TAG, name="  Key \t account ", color="RED", description=" a\n b ")
    tag = made["tag"]
    assert (made["userErrors"], tag["name"], tag["color"]) == ([], "Key account", "RED")
    assert (tag["description"], tag["version"], tag["createdBy"]) == ("a\n b", 1, {"role": "FULL_ADMINISTRATOR"})
    assert api.data(token, "query($id: ID!) { node(id: $id) { id } }", id=tag["id"])["node"] == {"id": tag["id"]}
    (told,) = events(api)
    assert (told["kind"], told["subject_id"], told["summary"]) == (
        "TAG_CREATED",
        tag["id"],
        "Tag Key account was created",
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [("", "BLANK"), (" \u200b\u2003", "BLANK"), ("x" * 51, "TOO_LONG"), ("a\x00b", "INVALID"), ("a\x1fb", "INVALID")],
)
def test_a_bad_name_is_told_with_its_field(api: Api, token: str, name: str, code: str) -> None:
    assert codes(mutated(api, token, "createTag", "tag { id }", name=name)) == [(code, ["input", "name"])]
    assert events(api) == []


def test_every_mistake_is_told_at_once(api: Api, token: str) -> None:
    made = mutated(api, token, "createTag", "tag { id }", name=" ", description="x" * 501)
    assert made["tag"] is None
    assert codes(made) == [("BLANK", ["input", "name"]), ("TOO_LONG", ["input", "description"])]


def test_fifty_at_once_in_different_spellings_make_one(api: Api, token: str) -> None:
    spellings = ["Straße", "STRASSE", "strasse", "Ｓtrasse", "Stra\u200bsse"]
    with ThreadPoolExecutor(10) as pool:
        made = list(
            pool.map(lambda n: mutated(api, token, "createTag", "tag { id }", name=spellings[n % 5]), range(50))
        )
    assert [codes(one) for one in made if one["tag"] is None] == [[("TAKEN", ["input", "name"])]] * 49


def test_the_same_key_gives_the_first_answer_and_other_input_is_refused(api: Api, token: str) -> None:
    first = mutated(api, token, "createTag", TAG, name="Gold", idempotencyKey="k")
    assert mutated(api, token, "createTag", TAG, name="Gold", idempotencyKey="k") == first
    reused = mutated(api, token, "createTag", TAG, name="Silver", idempotencyKey="k")
    assert codes(reused) == [("KEY_REUSED", ["input", "idempotencyKey"])]
    other = token_of(api, "ADMINISTRATOR")
    assert codes(mutated(api, other, "createTag", TAG, name="Gold", idempotencyKey="k")) == [
        ("TAKEN", ["input", "name"])
    ]
    assert len(events(api)) == 1


def test_terms_come_first_and_the_role_before_them(api: Api) -> None:
    query = 'mutation { createTag(input: {name: "Gold"}) { tag { id } } }'
    refused = api.ask(token_of(api, "FULL_ADMINISTRATOR"), query)
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["TERMS_NOT_ACCEPTED"]
    forbidden = api.ask(token_of(api, "READ_ONLY_ADMINISTRATOR"), query)
    assert [error["extensions"] for error in forbidden["errors"]] == [
        {"code": "FORBIDDEN", "permission": "EDIT_TAGS"},
    ]
