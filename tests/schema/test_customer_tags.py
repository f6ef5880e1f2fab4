"""Tags put on customers and taken off: whom it meets, what it changes, and what a deleted tag leaves behind."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from store.database.scope import Scope
from tests.api_server import ApiHarness
from tests.schema.factory_mutations import (
    accept_terms,
    follow_job,
    send_mutation,
    stored_events,
    token_of,
    user_error_codes,
)
from tests.store.factory_customers import add_customer, add_customers

CHANGED = "changed skipped customers { externalId version tags { name } } job { id }"
NOBODY = "cus_000000000000000000000000"


class TaggedPartner:
    """A partner with three customers and three tags."""

    def __init__(self, api: ApiHarness) -> None:
        self.api = api
        accept_terms(api)
        self.token = token_of(api, "FULL_ADMINISTRATOR")
        self.customers = [self.add(f"C{number}") for number in range(3)]
        self.tags = [self.tag(name) for name in ("Gold", "Silver", "Bronze")]

    def add(self, external_id: str, **facts: Any) -> str:
        """A new customer's id."""
        return self.api.store(lambda scope: add_customer(scope, external_id, **facts))

    def tag(self, name: str) -> str:
        """A new tag's id."""
        return str(send_mutation(self.api, self.token, "createTag", "tag { id }", name=name)["tag"]["id"])

    def change(self, field: str, customers: Any, tags: list[str], token: str | None = None, **given: Any) -> Any:
        """The payload of assignTags or removeTags."""
        selection = customers if isinstance(customers, dict) else {"ids": customers}
        return send_mutation(self.api, token or self.token, field, CHANGED, customers=selection, tags=tags, **given)

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of a query."""
        return self.api.execute_data(self.token, query, **variables)

    def told(self) -> list[tuple[str, str]]:
        """Kind and summary of the events of customers' tags."""
        return [(one["kind"], one["summary"]) for one in stored_events(self.api) if one["kind"].startswith("TAGS_")]


@pytest.fixture
def world(api: ApiHarness) -> TaggedPartner:
    return TaggedPartner(api)


def test_tags_are_put_on_counted_filtered_and_told(world: TaggedPartner) -> None:
    gold, silver, _ = world.tags
    first, second, _ = world.customers
    assert world.change("assignTags", [first], [gold])["changed"] == 1
    payload = world.change("assignTags", [first, second], [gold, silver])
    assert (payload["changed"], payload["skipped"], payload["job"], payload["userErrors"]) == (2, 0, None, [])
    assert payload["customers"] == [
        {"externalId": "C0", "version": 3, "tags": [{"name": "Gold"}, {"name": "Silver"}]},
        {"externalId": "C1", "version": 2, "tags": [{"name": "Gold"}, {"name": "Silver"}]},
    ]
    assert world.told() == [
        ("TAGS_ASSIGNED", "Tag Gold was put on Customer C0"),
        ("TAGS_ASSIGNED", "Tag Silver was put on Customer C0"),
        ("TAGS_ASSIGNED", "Tags Gold and Silver were put on Customer C1"),
    ]
    asked = world.ask(
        """query($t: [ID!], $s: ID!) {
        customers(filter: {tag: $t}) { totalCount facets { tag { count value { name } } } }
        tags { name customerCount }
        silver: node(id: $s) { ... on Tag { customers { nodes { externalId } totalCount } } } }""",
        t=[silver],
        s=silver,
    )
    assert asked["customers"]["totalCount"] == 2
    counted = {one["value"]["name"]: one["count"] for one in asked["customers"]["facets"]["tag"]}
    assert counted == {"Gold": 2, "Silver": 2}
    assert [(one["name"], one["customerCount"]) for one in asked["tags"]] == [("Bronze", 0), ("Gold", 2), ("Silver", 2)]
    assert asked["silver"]["customers"] == {"nodes": [{"externalId": "C0"}, {"externalId": "C1"}], "totalCount": 2}
    removed = world.change("removeTags", [first, second], [gold])
    assert [one["tags"] for one in removed["customers"]] == [[{"name": "Silver"}]] * 2


def test_what_is_already_so_changes_nothing(world: TaggedPartner) -> None:
    world.change("assignTags", world.customers, world.tags)
    before = len(stored_events(world.api))
    assert world.change("assignTags", world.customers, world.tags)["changed"] == 0
    nobodies: list[dict[str, Any]] = [
        {"search": "nobody"},
        {"status": ["EXPIRED"], "product": ["CALLING"]},
        {"tag": []},
    ]
    for nobody in nobodies:
        assert world.change("removeTags", {"matching": nobody}, world.tags)["changed"] == 0
    assert len(stored_events(world.api)) == before


def test_a_dry_run_says_what_would_change_and_changes_nothing(world: TaggedPartner) -> None:
    world.change("assignTags", world.customers[:1], world.tags[:1])
    before = stored_events(world.api)
    tried = world.change("assignTags", {"matching": {}}, world.tags[:1], dryRun=True)
    assert (tried["changed"], [one["externalId"] for one in tried["customers"]]) == (2, ["C1", "C2"])
    assert [one["tags"] for one in tried["customers"]] == [[], []]
    assert stored_events(world.api) == before


@pytest.mark.parametrize("field", ["assignTags", "removeTags"])
def test_a_dry_run_of_many_counts_what_the_job_then_changes(world: TaggedPartner, field: str) -> None:
    gold, silver, bronze = world.tags
    ids = world.api.store(_many)
    for number, tags in enumerate(([gold], [silver, gold], [gold, silver], [gold, silver, bronze], [bronze])):
        world.change("assignTags", ids[number * 200 : number * 200 + 100], tags)
    asked = {"matching": {"search": "m"}}
    tried = world.change(field, asked, [gold, silver], dryRun=True)
    assert (tried["changed"], tried["skipped"]) == ((800, 0) if field == "assignTags" else (400, 0))
    shown = [one["externalId"] for one in tried["customers"]]
    expected = [n for n in range(1_100) if n % 200 >= 100 or n // 200 in (0, 4, 5)][:100]
    assert shown == [f"M{n:04}" for n in (expected if field == "assignTags" else range(100))]
    job = world.change(field, asked, [gold, silver])["job"]["id"]
    assert [*follow_job(world.api, world.token, job)][-1]["state"] == "DONE"
    query = "query($id: ID!) { node(id: $id) { ... on BulkJob { state changed skipped } } }"
    assert world.ask(query, id=job)["node"] == {"state": "DONE", "changed": tried["changed"], "skipped": 0}


async def _many(scope: Scope) -> list[str]:
    """The ids of 1,100 customers, in the order of their names."""
    await add_customers(scope, [(f"M{number:04}", ()) for number in range(1_100)])
    where = {**scope.match(), "external_id": {"$gte": "M"}}
    return [
        one["_id"] for one in await scope.collection("customers").find(where, {"_id": 1}, sort=[("external_id", 1)])
    ]


def test_who_would_have_more_than_fifty_is_skipped(world: TaggedPartner) -> None:
    async def laden(scope: Scope) -> None:
        tags = [{"_id": f"tag_{n:024x}", "name_key": str(n), **_plain(scope, str(n))} for n in range(49)]
        await scope.collection("tags").insert_many(tags)

    world.api.store(laden)
    many = [f"tag_{n:024x}" for n in range(49)]
    assert world.change("assignTags", world.customers[:1], many)["changed"] == 1
    tried = world.change("assignTags", world.customers, world.tags[:2], dryRun=True)
    both = world.change("assignTags", world.customers, world.tags[:2])
    assert (both["changed"], both["skipped"]) == (tried["changed"], tried["skipped"]) == (2, 1)
    assert [one["externalId"] for one in tried["customers"]] == ["C1", "C2"]
    assert world.change("assignTags", world.customers[:1], world.tags[:1])["changed"] == 1
    assert world.change("assignTags", world.customers[:1], world.tags[1:2])["skipped"] == 1


def _plain(scope: Scope, name: str) -> dict[str, Any]:
    stamps = {"partner_id": scope.partner_id, "version": 1, "created_at": scope.now, "updated_at": scope.now}
    return {**stamps, "name": name, "name_folded": name, "color": "RED", "description": None, "created_by": None}


def test_everything_that_is_wrong_is_told_and_nothing_changed(world: TaggedPartner) -> None:
    first = world.customers[0]
    other = world.api.store(lambda scope: add_customer(scope, "F"), world.api.other)
    before = stored_events(world.api)
    wrong = world.change("assignTags", [first, NOBODY, other, "tag_1"], [world.tags[0], "tag_nobody"])
    assert user_error_codes(wrong) == [
        ("NOT_FOUND", ["input", "tags", "1"]),
        ("NOT_FOUND", ["input", "customers", "ids", "1"]),
        ("NOT_FOUND", ["input", "customers", "ids", "2"]),
        ("NOT_FOUND", ["input", "customers", "ids", "3"]),
    ]
    assert user_error_codes(world.change("assignTags", [], [])) == [
        ("INVALID", ["input", "tags"]),
        ("INVALID", ["input", "customers", "ids"]),
    ]
    assert user_error_codes(world.change("assignTags", [first, first], world.tags)) == [
        ("INVALID", ["input", "customers", "ids", "1"])
    ]
    assert user_error_codes(world.change("assignTags", [f"cus_{n:024x}" for n in range(501)], world.tags)) == [
        ("LIMIT_REACHED", ["input", "customers", "ids"])
    ]
    assert user_error_codes(world.change("assignTags", {"matching": {"expiresWithinDays": 0}}, world.tags)) == [
        ("INVALID", ["input", "customers", "matching"])
    ]
    assert stored_events(world.api) == before


def test_an_administrator_tags_own_customers_with_any_tag(world: TaggedPartner) -> None:
    administrator = world.api.add_administrator("ADMINISTRATOR")
    token = world.api.token(administrator)
    held = {"administrator_id": administrator, "assigned_at": None, "assigned_by": None, "expires_at": None}
    world.add("OWN", assignments=[{**held, "imported": True}])
    refused = world.change("assignTags", world.customers[:1], world.tags[:1], token)
    assert user_error_codes(refused) == [("NOT_FOUND", ["input", "customers", "ids", "0"])]
    every = world.change("assignTags", {"matching": {}}, world.tags[:1], token)
    assert [one["externalId"] for one in every["customers"]] == ["OWN"]
    counted = world.api.execute_data(token, "{ tags { name customerCount } }")["tags"]
    assert {one["name"]: one["customerCount"] for one in counted} == {"Bronze": 0, "Gold": 1, "Silver": 0}


def test_fifty_at_once_on_one_customer_lose_nothing(world: TaggedPartner) -> None:
    tags = [world.tag(f"T{number}") for number in range(40)]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda tag: world.change("assignTags", world.customers[:1], [tag]), tags))
    assert [one["changed"] for one in made] == [1] * 40
    customer = world.ask(
        "query($id: ID!) { node(id: $id) { ... on Customer { version tags { id } } } }", id=world.customers[0]
    )
    assert customer["node"]["version"] == 41 and {one["id"] for one in customer["node"]["tags"]} == set(tags)


def test_a_deleted_tag_matches_nobody_and_is_taken_off_everybody(world: TaggedPartner) -> None:
    gold, silver, _ = world.tags
    world.change("assignTags", world.customers, [gold, silver])
    send_mutation(world.api, world.token, "deleteTag", "deletedId", id=gold, version=1)
    asked = world.ask(
        """query($t: [ID!]) { customers(filter: {tag: $t}) { totalCount }
        not: customers(filter: {not: {tag: $t}}) {
          totalCount nodes { version tags { name } } facets { tag { value { name } } }
        } }""",
        t=[gold],
    )
    assert (asked["customers"]["totalCount"], asked["not"]["totalCount"]) == (0, 3)
    assert asked["not"]["nodes"] == [{"version": 3, "tags": [{"name": "Silver"}]}] * 3
    assert asked["not"]["facets"]["tag"] == [{"value": {"name": "Silver"}}]
    assert world.told()[3:] == [("TAGS_REMOVED", f"Tag Gold was taken off Customer C{n}") for n in range(3)]


def test_many_are_tagged_by_a_job_that_is_told_and_can_be_asked_until_it_ends(world: TaggedPartner) -> None:
    world.api.store(lambda scope: add_customers(scope, [(f"M{number:04}", ()) for number in range(1_050)]))
    payload = world.change("assignTags", {"matching": {"search": "m"}}, world.tags[:1], idempotencyKey="once")
    job = payload["job"]["id"]
    assert payload["userErrors"] == []
    assert world.change("assignTags", {"matching": {"search": "m"}}, world.tags[:1], idempotencyKey="once")["job"] == {
        "id": job
    }
    query = "query($id: ID!) { node(id: $id) { ... on BulkJob { state total done changed skipped finishedAt } } }"
    told, seen = [], []
    for one in follow_job(world.api, world.token, job):
        told.append(one)
        seen.append(world.ask(query, id=job)["node"])
    assert told[-1] == {"id": job, "state": "DONE", "total": 1_050, "done": 1_050, "changed": 1_050}
    assert {one["state"] for one in told[:-1]} <= {"RUNNING"}
    assert [one["done"] for one in told] == sorted(one["done"] for one in told)
    assert {**seen[-1], "finishedAt": None} == {
        "state": "DONE",
        "total": 1_050,
        "done": 1_050,
        "changed": 1_050,
        "skipped": 0,
        "finishedAt": None,
    }
    assert [one["done"] for one in seen] == sorted(one["done"] for one in seen)
    assert len(world.told()) == 1_050
    asked = world.ask("query($t: [ID!]) { customers(filter: {tag: $t}) { totalCount } }", t=world.tags[:1])
    assert asked["customers"]["totalCount"] == 1_050
    gone = send_mutation(world.api, world.token, "deleteTag", "deletedId", id=world.tags[0], version=1)
    assert gone["userErrors"] == []
    asked = world.ask(
        "query($t: [ID!]) { customers(filter: {tag: $t}) { totalCount nodes { id } } tags { name } }",
        t=world.tags[:1],
    )
    assert asked == {"customers": {"totalCount": 0, "nodes": []}, "tags": [{"name": "Bronze"}, {"name": "Silver"}]}


def test_a_job_ends_where_its_administrator_may_no_longer_tag(world: TaggedPartner) -> None:
    world.api.store(lambda scope: add_customers(scope, [(f"M{number:04}", ()) for number in range(1_050)]))
    administrator = world.api.add_administrator("FULL_ADMINISTRATOR")
    token = world.api.token(administrator)
    job = world.change("assignTags", {"matching": {"search": "m"}}, world.tags[:1], token)["job"]["id"]
    send_mutation(world.api, world.token, "removeAdministrator", "administrator { id }", id=administrator)
    query = "query($id: ID!) { node(id: $id) { ... on BulkJob { state total done changed finishedAt } } }"
    assert [*follow_job(world.api, world.token, job)][-1]["state"] != "RUNNING"
    seen = world.ask(query, id=job)["node"]
    # It may have been quicker than the removal.
    assert seen["finishedAt"] is not None and seen["state"] == ("DONE" if seen["done"] == 1_050 else "FAILED")
    assert len(world.told()) == seen["changed"] == seen["done"]
