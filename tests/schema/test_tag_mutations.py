"""Creating, changing and deleting tags."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from store.database.clock import utc_now
from store.database.scope import Scope
from tests.api_server import ApiHarness
from tests.factory_documents import assignment
from tests.schema.factory_mutations import accept_terms, send_mutation, stored_events, token_of, user_error_codes
from tests.store.factory_customers import add_customer

TAG = "tag { id name color description version createdBy { role } }"


@pytest.fixture
def token(api: ApiHarness) -> str:
    """A full administrator of an organization that has accepted the terms."""
    accept_terms(api)
    return token_of(api, "FULL_ADMINISTRATOR")


def test_a_created_tag_is_found_and_told(api: ApiHarness, token: str) -> None:
    made = send_mutation(api, token, "createTag", TAG, name="  Key \t account ", color="RED", description=" a\n b ")
    tag = made["tag"]
    assert (made["userErrors"], tag["name"], tag["color"]) == ([], "Key account", "RED")
    assert (tag["description"], tag["version"], tag["createdBy"]) == ("a\n b", 1, {"role": "FULL_ADMINISTRATOR"})
    assert api.execute_data(token, "query($id: ID!) { node(id: $id) { id } }", id=tag["id"])["node"] == {
        "id": tag["id"]
    }
    (told,) = stored_events(api)
    assert (told["kind"], told["subject_id"], told["summary"]) == (
        "TAG_CREATED",
        tag["id"],
        "Tag Key account was created",
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [("", "BLANK"), (" \u200b\u2003", "BLANK"), ("x" * 51, "TOO_LONG"), ("a\x00b", "INVALID"), ("a\x1fb", "INVALID")],
)
def test_a_bad_name_is_told_with_its_field(api: ApiHarness, token: str, name: str, code: str) -> None:
    assert user_error_codes(send_mutation(api, token, "createTag", "tag { id }", name=name)) == [
        (code, ["input", "name"])
    ]
    assert stored_events(api) == []


def test_every_mistake_is_told_at_once(api: ApiHarness, token: str) -> None:
    made = send_mutation(api, token, "createTag", "tag { id }", name=" ", description="x" * 501)
    assert made["tag"] is None
    assert user_error_codes(made) == [("BLANK", ["input", "name"]), ("TOO_LONG", ["input", "description"])]


def test_24_at_once_in_different_spellings_make_one(api: ApiHarness, token: str) -> None:
    # Case, width, composed and decomposed, characters without width, joiners, and every kind of space.
    spellings = (
        "Café Straße",
        "CAFÉ STRASSE",
        "Cafe\u0301 Strasse",
        "\uff23afé Straße",
        "Ca\u200bfé Stra\u00adße",
        "cafe\u0301\u3000STRA\u1e9eE",
        "\ufeff Café\u00a0\t\u2009Stra\u2060sse ",
        "Ca\u200dfé Stra\u200csse",
    )

    def create(number: int) -> dict[str, Any]:
        return send_mutation(api, token, "createTag", "tag { id }", name=spellings[number % len(spellings)])

    # With more, a slow machine stops the last ones at the time limit of an operation.
    with ThreadPoolExecutor(24) as pool:
        made = list(pool.map(create, range(24)))
    assert [user_error_codes(one) for one in made if one["tag"] is None] == [[("TAKEN", ["input", "name"])]] * 23
    assert len(stored_events(api)) == len(api.execute_data(token, "{ tags { id } }")["tags"]) == 1


def test_the_same_key_gives_the_first_answer_and_other_input_is_refused(api: ApiHarness, token: str) -> None:
    first = send_mutation(api, token, "createTag", TAG, name="Gold", idempotencyKey="k")
    assert send_mutation(api, token, "createTag", TAG, name="Gold", idempotencyKey="k") == first
    reused = send_mutation(api, token, "createTag", TAG, name="Silver", idempotencyKey="k")
    assert user_error_codes(reused) == [("KEY_REUSED", ["input", "idempotencyKey"])]
    other = token_of(api, "ADMINISTRATOR")
    assert user_error_codes(send_mutation(api, other, "createTag", TAG, name="Gold", idempotencyKey="k")) == [
        ("TAKEN", ["input", "name"])
    ]
    assert len(stored_events(api)) == 1


def test_a_key_is_good_for_48_hours_and_then_as_new(api: ApiHarness, token: str) -> None:
    first = send_mutation(api, token, "createTag", TAG, name="Gold", idempotencyKey="k")

    async def aged(scope: Scope, hours: int) -> timedelta:
        """So long later: everything that is kept with the key is older by as much."""
        where = {**scope.match(), "key": "k"}
        kept = await scope.collection("mutation_results").find_one(where)
        assert kept is not None
        passed = timedelta(hours=hours)
        change = {"$set": {name: kept[name] - passed for name in ("created_at", "updated_at", "expires_at")}}
        await scope.collection("mutation_results").update_one(where, change)
        life: timedelta = kept["expires_at"] - kept["created_at"]
        return life

    assert api.store(lambda scope: aged(scope, 47)) == timedelta(hours=48)
    assert send_mutation(api, token, "createTag", TAG, name="Gold", idempotencyKey="k") == first
    api.store(lambda scope: aged(scope, 1))
    anew = send_mutation(api, token, "createTag", TAG, name="Silver", idempotencyKey="k")
    assert (anew["userErrors"], anew["tag"]["name"]) == ([], "Silver")
    assert send_mutation(api, token, "createTag", TAG, name="Silver", idempotencyKey="k") == anew
    assert len(stored_events(api)) == 2


def test_terms_come_first_and_the_role_before_them(api: ApiHarness) -> None:
    query = 'mutation { createTag(input: {name: "Gold"}) { tag { id } } }'
    refused = api.execute(token_of(api, "FULL_ADMINISTRATOR"), query)
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["TERMS_NOT_ACCEPTED"]
    forbidden = api.execute(token_of(api, "READ_ONLY_ADMINISTRATOR"), query)
    assert [error["extensions"] for error in forbidden["errors"]] == [
        {"code": "FORBIDDEN", "permission": "EDIT_TAGS"},
    ]


def test_a_tag_changes_by_what_is_given_and_tells_it(api: ApiHarness, token: str) -> None:
    tag = send_mutation(api, token, "createTag", "tag { id }", name="Gold", description="Old")["tag"]["id"]
    renamed = send_mutation(api, token, "updateTag", TAG, id=tag, version=1, name="GOLD ")
    assert (renamed["tag"]["name"], renamed["tag"]["version"], renamed["tag"]["description"]) == ("GOLD", 2, "Old")
    cleared = send_mutation(api, token, "updateTag", TAG, id=tag, version=2, description=None, color="RED")["tag"]
    assert (cleared["description"], cleared["color"], cleared["version"]) == (None, "RED", 3)
    same = send_mutation(api, token, "updateTag", TAG, id=tag, version=3, name="GOLD", color="RED")
    assert (same["userErrors"], same["tag"]["version"]) == ([], 3)
    assert [(one["kind"], one["summary"]) for one in stored_events(api)[1:]] == [
        ("TAG_CHANGED", "Tag Gold was renamed to GOLD"),
        ("TAG_CHANGED", "Tag GOLD got another colour and description"),
    ]


def test_every_mistake_of_a_change_is_told(api: ApiHarness, token: str) -> None:
    send_mutation(api, token, "createTag", "tag { id }", name="Silver")
    tag = send_mutation(api, token, "createTag", "tag { id }", name="Gold")["tag"]["id"]
    bad = send_mutation(api, token, "updateTag", "tag { id }", id=tag, version=7, name="ＳILVER", color=None)
    assert user_error_codes(bad) == [
        ("TAKEN", ["input", "name"]),
        ("INVALID", ["input", "color"]),
        ("STALE", ["input", "version"]),
    ]
    assert user_error_codes(send_mutation(api, token, "updateTag", "tag { id }", id=tag, version=1, name=None)) == [
        ("INVALID", ["input", "name"])
    ]
    for nobody in ("tag_000000000000000000000000", "cus_000000000000000000000000", "", "$ne"):
        missing = send_mutation(api, token, "updateTag", "tag { id }", id=nobody, version=1, name="X")
        assert user_error_codes(missing) == [("NOT_FOUND", ["input", "id"])]


def test_twenty_writers_of_one_tag_lose_nothing(api: ApiHarness, token: str) -> None:
    tag = send_mutation(api, token, "createTag", "tag { id }", name="0")["tag"]["id"]

    def rename(number: int) -> int:
        """Reads the version and writes, again and again until it was not stale."""
        query, tries = "query($id: ID!) { node(id: $id) { ... on Tag { version } } }", 0
        while True:
            tries += 1
            version = api.execute_data(token, query, id=tag)["node"]["version"]
            answer = send_mutation(api, token, "updateTag", "tag { id }", id=tag, version=version, name=f"{number}")
            if not answer["userErrors"]:
                return tries
            assert user_error_codes(answer) == [("STALE", ["input", "version"])]

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(rename, range(1, 21)))
    query = "query($id: ID!) { node(id: $id) { ... on Tag { version } } }"
    assert api.execute_data(token, query, id=tag)["node"]["version"] == 21
    assert len(stored_events(api)) == 21


def test_a_deleted_tag_is_gone_and_its_name_free(api: ApiHarness, token: str) -> None:
    tag = send_mutation(api, token, "createTag", "tag { id }", name="Gold")["tag"]["id"]
    assert user_error_codes(send_mutation(api, token, "deleteTag", "deletedId", id=tag, version=2)) == [
        ("STALE", ["input", "version"])
    ]
    gone = send_mutation(api, token, "deleteTag", "deletedId", id=tag, version=1, idempotencyKey="once")
    assert gone == {"deletedId": tag, "userErrors": []}
    again = send_mutation(api, token, "createTag", "tag { id }", name="Gold")["tag"]["id"]
    assert again != tag
    assert send_mutation(api, token, "deleteTag", "deletedId", id=tag, version=1, idempotencyKey="once") == gone
    assert user_error_codes(send_mutation(api, token, "deleteTag", "deletedId", id=tag, version=1)) == [
        ("NOT_FOUND", ["input", "id"])
    ]
    assert api.execute_data(token, "{ tags { id } }")["tags"] == [{"id": again}]
    assert [one["kind"] for one in stored_events(api)] == ["TAG_CREATED", "TAG_DELETED", "TAG_CREATED"]


def test_an_administrator_deletes_a_tag_only_while_no_customer_out_of_sight_has_it(api: ApiHarness, token: str) -> None:
    ada = api.add_administrator("ADMINISTRATOR")
    mine = api.token(ada)
    tag = send_mutation(api, token, "createTag", "tag { id }", name="Gold")["tag"]["id"]
    own, other = (
        api.store(partial(add_customer, external_id=name, assignments=held, tag_ids=[tag]))
        for name, held in (("OWN", [assignment(ada)]), ("OTHER", []))
    )
    refused = send_mutation(api, mine, "deleteTag", "deletedId", id=tag, version=1)
    assert (refused["deletedId"], user_error_codes(refused)) == (None, [("WRONG_STATE", ["input", "id"])])
    tags = "query($id: ID!) { node(id: $id) { ... on Customer { tags { name } } } }"
    for id_ in (own, other):
        assert api.execute_data(token, tags, id=id_)["node"] == {"tags": [{"name": "Gold"}]}
    assert [one["kind"] for one in stored_events(api)].count("TAG_DELETED") == 0
    send_mutation(
        api, token, "removeTags", "changed", customers={"ids": [other]}, tags=[tag], idempotencyKey="free the tag"
    )
    # An expired assignment gives no sight of a customer, even before the job has removed it.
    api.store(lambda scope: _end_assignments(scope, utc_now() - timedelta(seconds=1)))
    refused = send_mutation(api, mine, "deleteTag", "deletedId", id=tag, version=1)
    assert user_error_codes(refused) == [("WRONG_STATE", ["input", "id"])]
    api.store(lambda scope: _end_assignments(scope, None))
    assert send_mutation(api, mine, "deleteTag", "deletedId", id=tag, version=1) == {"deletedId": tag, "userErrors": []}
    assert api.execute_data(token, tags, id=own)["node"] == {"tags": []}


async def _end_assignments(scope: Scope, end: datetime | None) -> None:
    where = {**scope.match(), "external_id": "OWN"}
    await scope.collection("customers").update_one(where, {"$set": {"assignments.0.expires_at": end}})


def test_tags_are_listed_by_name_and_found_by_the_start_of_words(api: ApiHarness, token: str) -> None:
    for name in ("Zürich key", "alpha", "Ärger", "Key account"):
        send_mutation(api, token, "createTag", "tag { id }", name=name)

    def names(search: str | None) -> list[str]:
        found = api.execute_data(token, "query($s: String) { tags(search: $s) { name } }", s=search)
        return [tag["name"] for tag in found["tags"]]

    assert names(None) == names(" ") == ["alpha", "Ärger", "Key account", "Zürich key"]
    assert (names("KEY"), names("ke zur"), names("ey"), names("!")) == (
        ["Key account", "Zürich key"],
        ["Zürich key"],
        [],
        [],
    )


def test_a_partner_has_at_most_a_thousand_tags(api: ApiHarness, token: str) -> None:
    async def full(scope: Scope) -> None:
        await scope.collection("partners").update_one(scope.match(), {"$set": {"tag_count": 999}})

    api.store(full)
    assert send_mutation(api, token, "createTag", "tag { id }", name="The last")["userErrors"] == []
    assert user_error_codes(send_mutation(api, token, "createTag", "tag { id }", name="One more")) == [
        ("LIMIT_REACHED", ["input"])
    ]
