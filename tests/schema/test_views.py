"""Views: filters that people name, keep, share and delete."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from domain.partner.views import MAX_OWN_VIEWS, MAX_SHARED_VIEWS
from tests.api_server import ApiHarness
from tests.factory_documents import assignment
from tests.schema.factory_mutations import ROLES, accept_terms, send_mutation, stored_events, token_of, user_error_codes
from tests.store.factory_customers import add_customer, subscription, trial

VIEW = "view { id name filter shared version owner { role } }"
EVERY_CONDITION: dict[str, Any] = {
    "search": "größe",
    "managedBy": ["PARTNER_ORGANIZATION"],
    "product": ["MEETINGS", "REAL_TIME_TRANSLATIONS"],
    "status": [],
    "subscriptionType": None,
    "tag": ["tag_000000000000000000000000"],
    "administrator": ["adm_1"],
    "country": ["DE"],
    "expiresWithinDays": 30,
    "renewsWithinDays": 7,
    "hasTags": False,
    "hasAssignments": True,
    "invoiceState": ["OVERDUE"],
    "createdAt": {"since": "2026-01-01T00:00:00Z", "until": None},
    "lastAdministratorSignInAt": {"until": "2026-02-03T04:05:06.789Z"},
    "allOf": [{"not": {"anyOf": [{"search": "a"}, {}]}}],
    "anyOf": [],
    "not": {"managedBy": ["EXTERNAL_ADMINISTRATOR"], "expiresWithinDays": 365},
}
LISTED = "{ customerViews { id name shared } }"
NODE = "query($id: ID!) { node(id: $id) { id } }"


@pytest.fixture
def token(api: ApiHarness) -> str:
    """A full administrator of an organization that has accepted the terms."""
    accept_terms(api)
    return token_of(api, "FULL_ADMINISTRATOR")


def saved(api: ApiHarness, token: str, **given: Any) -> dict[str, Any]:
    """A view that could be saved."""
    made = send_mutation(api, token, "saveCustomerView", VIEW, **given)
    assert made["userErrors"] == [], made
    view: dict[str, Any] = made["view"]
    return view


def deleted(api: ApiHarness, token: str, **given: Any) -> dict[str, Any]:
    return send_mutation(api, token, "deleteCustomerView", "deletedId", **given)


def names(api: ApiHarness, token: str) -> list[str]:
    return [view["name"] for view in api.execute_data(token, LISTED)["customerViews"]]


def fill(api: ApiHarness, owner: str, count: int, *, shared: bool) -> None:
    """Views as the mutation stores them."""

    async def work(scope: Any) -> None:
        stamps = {"partner_id": scope.partner_id, "version": 1, "created_at": scope.now, "updated_at": scope.now}
        named = [f"{'shared' if shared else 'own'} {number:03}" for number in range(count)]
        given = {"owner_id": owner, "filter": None, "shared": shared}
        views = [
            {"_id": f"viw_{n}-{owner}", **stamps, **given, "name": n, "name_key": n, "name_folded": n} for n in named
        ]
        await scope.collection("customer_views").insert_many(views)

    api.store(work)


def test_a_filter_comes_back_as_it_was_given(api: ApiHarness, token: str) -> None:
    view = saved(api, token, name="  All \t of it ", filter=EVERY_CONDITION, shared=True)
    assert (view["name"], view["filter"], view["shared"], view["version"]) == ("All of it", EVERY_CONDITION, True, 1)
    assert view["owner"] == {"role": "FULL_ADMINISTRATOR"}
    assert saved(api, token, name="None", filter=None)["filter"] is None
    assert saved(api, token, name="Absent")["filter"] is None
    assert saved(api, token, name="Empty", filter={})["filter"] == {}
    assert saved(api, token, name="Single", filter={"status": "TRIAL"})["filter"] == {"status": ["TRIAL"]}


def test_the_customers_of_a_view_are_those_of_its_filter(api: ApiHarness, token: str) -> None:
    for name, held in (("B", subscription("S-B")), ("A", trial("T-A")), ("C", trial("T-C"))):
        api.store(lambda scope, n=name, h=held: add_customer(scope, n, h))  # type: ignore[misc]
    trials = saved(api, token, name="Trials", filter={"status": ["TRIAL"]})["id"]
    everything = saved(api, token, name="All")["id"]
    query = """query($id: ID!, $first: Int, $after: String, $by: CustomerOrder) { node(id: $id) { ... on CustomerView {
      customers(first: $first, after: $after, orderBy: $by) {
        totalCount nodes { externalId } pageInfo { hasNextPage endCursor } } } } }"""

    def listed(view: str, **given: Any) -> dict[str, Any]:
        found: dict[str, Any] = api.execute_data(token, query, id=view, **given)["node"]["customers"]
        return found

    def ids(page: dict[str, Any]) -> list[str]:
        return [one["externalId"] for one in page["nodes"]]

    assert (ids(listed(trials)), listed(trials)["totalCount"]) == (["A", "C"], 2)
    assert ids(listed(everything, by={"field": "NAME", "direction": "DESC"})) == ["C", "B", "A"]
    first = listed(everything, first=2)
    assert (ids(first), first["pageInfo"]["hasNextPage"]) == (["A", "B"], True)
    assert ids(listed(everything, first=2, after=first["pageInfo"]["endCursor"])) == ["C"]
    answer = api.execute(token, query, id=trials, first=2, after=first["pageInfo"]["endCursor"])
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


def test_everybody_sees_a_shared_views_customers_with_their_own_eyes(api: ApiHarness, token: str) -> None:
    holder = api.add_administrator("ADMINISTRATOR")
    api.store(lambda scope: add_customer(scope, "MINE", assignments=[assignment(holder)]))
    api.store(lambda scope: add_customer(scope, "THEIRS"))
    saved(api, token, name="Everybody", shared=True)
    query = "{ customerViews { customers { totalCount nodes { externalId } } } }"
    (seen,) = api.execute_data(api.token(holder), query)["customerViews"]
    assert seen["customers"] == {"totalCount": 1, "nodes": [{"externalId": "MINE"}]}


def test_a_view_with_any_condition_never_takes_the_list_from_anybody(api: ApiHarness, token: str) -> None:
    kpi = {"kind": "NEARING_EXPIRATION"}
    conditions = [{name: value} for name, value in EVERY_CONDITION.items()] + [{"kpi": kpi}, {"not": {"kpi": kpi}}]
    ids = {
        str(given): saved(api, token, name=f"{n}", filter=given, shared=True)["id"]
        for n, given in enumerate(conditions)
    }
    query = "{ customerViews { filter customers { totalCount } } }"
    for role in ROLES:
        viewer, permitted = token_of(api, role), conditions
        if role == "HELPDESK_ADMINISTRATOR":
            permitted = [given for given in conditions if "kpi" not in str(given)]
        assert len(api.execute_data(viewer, query)["customerViews"]) == len(permitted)
        nodes = [api.execute_data(viewer, NODE, id=ids[str(given)])["node"] is not None for given in conditions]
        assert nodes == [given in permitted for given in conditions]


def test_a_view_with_a_kpi_is_saved_only_by_who_may_read_analytics(api: ApiHarness, token: str) -> None:
    identity = api.add_administrator("READ_ONLY_ADMINISTRATOR")
    viewer, kpi = api.token(identity), {"anyOf": [{"kpi": {"kind": "NEARING_RENEWAL"}}]}
    own = saved(api, viewer, name="Own", filter=kpi)["id"]
    send_mutation(api, token, "changeAdministrator", "__typename", id=identity, role="HELPDESK_ADMINISTRATOR")
    assert names(api, viewer) == []
    query = "mutation($input: SaveCustomerViewInput!) { saveCustomerView(input: $input) { view { id } } }"
    for given in ({"name": "New", "filter": kpi}, {"id": own, "name": "Renamed"}):
        answer = api.execute(viewer, query, input=given)
        assert answer["errors"][0]["extensions"] == {"code": "FORBIDDEN", "permission": "READ_ANALYTICS"}
    assert saved(api, viewer, id=own, filter={})["filter"] == {}
    assert names(api, viewer) == ["Own"]


def test_a_tag_that_is_no_more_matches_nobody(api: ApiHarness, token: str) -> None:
    tag = send_mutation(api, token, "createTag", "tag { id }", name="Gold")["tag"]["id"]
    api.store(lambda scope: add_customer(scope, "A", tag_ids=[tag]))
    view = saved(api, token, name="Gold", filter={"tag": [tag]})["id"]

    async def forget(scope: Any) -> None:
        await scope.collection("tags").delete_many({**scope.match(), "_id": tag})
        customers = scope.collection("customers")
        await customers.update_one(scope.match(), {"$set": {"tag_ids": []}, "$pull": {"keys": f"tag:{tag}"}})

    query = "query($id: ID!) { node(id: $id) { ... on CustomerView { filter customers { totalCount } } } }"
    assert api.execute_data(token, query, id=view)["node"]["customers"] == {"totalCount": 1}
    api.store(forget)
    assert api.execute_data(token, query, id=view)["node"] == {"filter": {"tag": [tag]}, "customers": {"totalCount": 0}}


def test_ones_own_and_shared_ones_are_listed_by_name(api: ApiHarness, token: str) -> None:
    other = token_of(api, "ADMINISTRATOR")
    saved(api, token, name="b own")
    saved(api, token, name="Ä shared", shared=True)
    saved(api, other, name="c private")
    theirs = saved(api, other, name="A shared", shared=True)["id"]
    # Ä and A fold to the same: the one that came first is first.
    assert names(api, token) == ["Ä shared", "A shared", "b own"]
    assert names(api, other) == [*names(api, token)[:2], "c private"]
    stranger = token_of(api, "FULL_ADMINISTRATOR", api.other)
    assert names(api, stranger) == []
    assert api.execute_data(token, NODE, id=theirs)["node"] == {"id": theirs}
    assert api.execute_data(stranger, NODE, id=theirs)["node"] is None


def test_a_private_view_of_another_does_not_exist(api: ApiHarness, token: str) -> None:
    theirs = saved(api, token_of(api, "FULL_ADMINISTRATOR"), name="Private")["id"]
    assert api.execute_data(token, NODE, id=theirs)["node"] is None
    for field, given in (("saveCustomerView", {"name": "Mine"}), ("deleteCustomerView", {})):
        answers = [
            send_mutation(api, token, field, "__typename", id=identity, **given)
            for identity in (theirs, "viw_000000000000000000000000", "tag_000000000000000000000000", "")
        ]
        assert [user_error_codes(answer) for answer in answers] == [[("NOT_FOUND", ["input", "id"])]] * 4
        assert all(answer == answers[0] for answer in answers)


def test_a_shared_view_is_changed_by_its_owner_alone(api: ApiHarness, token: str) -> None:
    theirs = saved(api, token_of(api, "FULL_ADMINISTRATOR"), name="Shared", shared=True)["id"]
    assert api.execute_data(token, NODE, id=theirs)["node"] == {"id": theirs}
    assert user_error_codes(send_mutation(api, token, "saveCustomerView", VIEW, id=theirs, name="Mine")) == [
        ("NOT_FOUND", ["input", "id"])
    ]
    assert user_error_codes(deleted(api, token, id=theirs)) == [("NOT_FOUND", ["input", "id"])]


def test_a_change_keeps_what_is_left_out(api: ApiHarness, token: str) -> None:
    view = saved(api, token, name="First", filter={"search": "a"}, shared=True)
    renamed = saved(api, token, id=view["id"], version=1, name="Second", shared=True)
    assert renamed == {**view, "name": "Second", "version": 2}
    again = saved(api, token, id=view["id"], version=2, name="Second", shared=True)
    assert again == renamed
    assert saved(api, token, id=view["id"], name="Second", filter={})["filter"] == {}
    kinds = [(event["kind"], event["subject_id"]) for event in stored_events(api)]
    assert kinds == [("VIEW_SAVED", view["id"])] * 3
    refused = send_mutation(api, token, "saveCustomerView", VIEW, id=view["id"], name="Second", filter=None)
    assert user_error_codes(refused) == [("INVALID", ["input", "filter"])]


def test_a_shared_view_stays_shared_where_a_change_does_not_say(api: ApiHarness, token: str) -> None:
    view = saved(api, token, name="First", filter={"search": "a"}, shared=True)
    renamed = saved(api, token, id=view["id"], name="Second")
    assert renamed == {**view, "name": "Second", "version": 2}
    assert saved(api, token, id=view["id"], filter={"search": "b"}) == {
        **renamed,
        "filter": {"search": "b"},
        "version": 3,
    }
    private = saved(api, token, id=view["id"], shared=False)
    assert (private["name"], private["filter"], private["shared"]) == ("Second", {"search": "b"}, False)
    assert saved(api, token, id=view["id"], version=4) == private
    shared = saved(api, token, id=view["id"], shared=True)
    assert (shared["name"], shared["filter"], shared["shared"]) == ("Second", {"search": "b"}, True)


def test_a_change_without_the_name_keeps_the_limit_of_shared_views(api: ApiHarness, token: str) -> None:
    fill(api, "adm_another", MAX_SHARED_VIEWS, shared=True)
    view = saved(api, token, name="Own")["id"]
    refused = send_mutation(api, token, "saveCustomerView", VIEW, id=view, shared=True)
    assert user_error_codes(refused) == [("LIMIT_REACHED", ["input", "shared"])]
    assert saved(api, token, id=view, filter={})["shared"] is False


def test_a_new_view_needs_a_name_and_null_is_invalid(api: ApiHarness, token: str) -> None:
    assert user_error_codes(send_mutation(api, token, "saveCustomerView", VIEW, shared=True)) == [
        ("BLANK", ["input", "name"])
    ]
    for identity in ({}, {"id": saved(api, token, name="First")["id"]}):
        nulls = send_mutation(api, token, "saveCustomerView", VIEW, **identity, name=None, shared=None)
        assert user_error_codes(nulls) == [("INVALID", ["input", "name"]), ("INVALID", ["input", "shared"])]
    missing = send_mutation(api, token, "saveCustomerView", VIEW, id="viw_000000000000000000000000")
    assert user_error_codes(missing) == [("NOT_FOUND", ["input", "id"])]


def test_a_stale_version_changes_nothing(api: ApiHarness, token: str) -> None:
    view = saved(api, token, name="First")
    saved(api, token, id=view["id"], version=1, name="Second")
    stale = send_mutation(api, token, "saveCustomerView", VIEW, id=view["id"], version=1, name="Third")
    assert (stale["view"], user_error_codes(stale)) == (None, [("STALE", ["input", "version"])])
    assert names(api, token) == ["Second"]


def test_twenty_writers_of_one_view_lose_nothing(api: ApiHarness, token: str) -> None:
    view = saved(api, token, name="0")["id"]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda n: saved(api, token, id=view, name=f"{n}"), range(1, 21)))
    query = "query($id: ID!) { node(id: $id) { ... on CustomerView { version } } }"
    assert api.execute_data(token, query, id=view)["node"] == {"version": 21}
    assert len(stored_events(api)) == 21


def test_every_mistake_is_told_at_once(api: ApiHarness, token: str) -> None:
    deep: dict[str, Any] = {"search": "x"}
    for _ in range(6):
        deep = {"not": deep}
    made = send_mutation(api, token, "saveCustomerView", VIEW, name="", filter=deep)
    assert user_error_codes(made) == [("BLANK", ["input", "name"]), ("INVALID", ["input", "filter"])]
    for bad in ({"expiresWithinDays": 0}, {"search": "x" * 101}, {"tag": [str(n) for n in range(501)]}):
        refused = send_mutation(api, token, "saveCustomerView", VIEW, name="V", filter=bad)
        assert user_error_codes(refused) == [("INVALID", ["input", "filter"])]
    long = send_mutation(api, token, "saveCustomerView", VIEW, name="V", filter={"country": ["x" * 80] * 400})
    assert user_error_codes(long) == [("TOO_LONG", ["input", "filter"])]
    assert stored_events(api) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [(" \u200b", "BLANK"), ("x" * 101, "TOO_LONG"), ("a\x00b", "INVALID"), ("a\x7fb", "INVALID")],
)
def test_a_bad_name_is_told(api: ApiHarness, token: str, name: str, code: str) -> None:
    assert user_error_codes(send_mutation(api, token, "saveCustomerView", VIEW, name=name)) == [
        (code, ["input", "name"])
    ]


def test_a_name_is_unique_to_its_owner_in_every_spelling(api: ApiHarness, token: str) -> None:
    spellings = ["Straße", "STRASSE", "strasse", "Ｓtrasse", "Stra\u200bsse"]
    with ThreadPoolExecutor(10) as pool:
        made = list(
            pool.map(lambda n: send_mutation(api, token, "saveCustomerView", VIEW, name=spellings[n % 5]), range(50))
        )
    assert [user_error_codes(one) for one in made if one["view"] is None] == [[("TAKEN", ["input", "name"])]] * 49
    other = token_of(api, "FULL_ADMINISTRATOR")
    assert saved(api, other, name="strasse")["name"] == "strasse"
    second = saved(api, token, name="Second")["id"]
    assert user_error_codes(send_mutation(api, token, "saveCustomerView", VIEW, id=second, name="STRASSE")) == [
        ("TAKEN", ["input", "name"])
    ]
    assert saved(api, token, id=second, name="SECOND")["name"] == "SECOND"


@pytest.mark.parametrize("role", ROLES)
def test_everybody_keeps_views_and_some_share_them(api: ApiHarness, role: str) -> None:
    accept_terms(api)
    token = token_of(api, role)
    view = saved(api, token, name="Own")
    query = "mutation($input: SaveCustomerViewInput!) { saveCustomerView(input: $input) { view { shared } } }"
    answer = api.execute(token, query, input={"id": view["id"], "name": "Own", "shared": True})
    if role in ("FULL_ADMINISTRATOR", "ADMINISTRATOR"):
        assert answer["data"]["saveCustomerView"] == {"view": {"shared": True}}
    else:
        assert answer["errors"][0]["extensions"] == {"code": "FORBIDDEN", "permission": "EDIT_TAGS"}
        assert names(api, token_of(api, "FULL_ADMINISTRATOR")) == []
    assert deleted(api, token, id=view["id"]) == {"deletedId": view["id"], "userErrors": []}


def test_a_shared_view_of_somebody_removed_still_shows(api: ApiHarness, token: str) -> None:
    owner = api.add_administrator("FULL_ADMINISTRATOR")
    saved(api, api.token(owner), name="Left behind", shared=True)

    async def remove(scope: Any) -> None:
        gone = {"$set": {"state": "DEACTIVATED"}}
        await scope.collection("administrators").update_one({**scope.match(), "_id": owner}, gone)

    api.store(remove)
    query = "{ customerViews { name owner { id state } } }"
    assert api.execute_data(token, query)["customerViews"] == [
        {"name": "Left behind", "owner": {"id": owner, "state": "DEACTIVATED"}}
    ]


def test_what_is_listed_whole_is_bounded(api: ApiHarness, token: str) -> None:
    identity = api.add_administrator("FULL_ADMINISTRATOR")
    mine = api.token(identity)
    fill(api, identity, MAX_OWN_VIEWS - 1, shared=False)
    fill(api, "adm_somebody", MAX_SHARED_VIEWS - 1, shared=True)
    last = saved(api, mine, name="zz the last")["id"]
    refused = send_mutation(api, mine, "saveCustomerView", VIEW, name="One more")
    assert [code for code, _ in user_error_codes(refused)] == ["LIMIT_REACHED"]
    shared = saved(api, token, name="zz shared", shared=True)["id"]
    refused = send_mutation(api, mine, "saveCustomerView", VIEW, name="One more", shared=True)
    assert user_error_codes(refused) == [("LIMIT_REACHED", ["input", "shared"])]
    assert user_error_codes(
        send_mutation(api, mine, "saveCustomerView", VIEW, id=last, name="zz the last", shared=True)
    ) == [("LIMIT_REACHED", ["input", "shared"])]
    listed = names(api, mine)
    assert len(listed) == 200 and listed[-2:] == ["zz shared", "zz the last"]
    assert saved(api, mine, id=last, name="zz renamed")["name"] == "zz renamed"
    assert deleted(api, token, id=shared)["userErrors"] == []
    assert saved(api, mine, id=last, name="zz renamed", shared=True)["shared"] is True


def test_the_bound_holds_for_many_at_once(api: ApiHarness, token: str) -> None:
    identity = api.add_administrator("FULL_ADMINISTRATOR")
    fill(api, identity, MAX_OWN_VIEWS - 3, shared=False)
    mine = api.token(identity)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: send_mutation(api, mine, "saveCustomerView", VIEW, name=f"V{n}"), range(12)))
    assert sum(one["view"] is not None for one in made) == 3


def test_deleting_is_told_once_and_safe_to_repeat(api: ApiHarness, token: str) -> None:
    view = saved(api, token, name="Short-lived", shared=True)["id"]
    first = deleted(api, token, id=view, idempotencyKey="k")
    assert first == {"deletedId": view, "userErrors": []}
    assert deleted(api, token, id=view, idempotencyKey="k") == first
    assert user_error_codes(deleted(api, token, id=view)) == [("NOT_FOUND", ["input", "id"])]
    assert [(event["kind"], event["summary"]) for event in stored_events(api)] == [
        ("VIEW_SAVED", "Shared view Short-lived was saved"),
        ("VIEW_DELETED", "Shared view Short-lived was deleted"),
    ]
    assert names(api, token) == []


def test_the_same_key_gives_the_first_answer(api: ApiHarness, token: str) -> None:
    first = send_mutation(api, token, "saveCustomerView", VIEW, name="V", idempotencyKey="k")
    assert send_mutation(api, token, "saveCustomerView", VIEW, name="V", idempotencyKey="k") == first
    renamed = saved(api, token, id=first["view"]["id"], name="Later")
    assert send_mutation(api, token, "saveCustomerView", VIEW, name="V", idempotencyKey="k")["view"] == renamed
    reused = send_mutation(api, token, "saveCustomerView", VIEW, name="W", idempotencyKey="k")
    assert user_error_codes(reused) == [("KEY_REUSED", ["input", "idempotencyKey"])]
    assert len(stored_events(api)) == 2


def test_the_log_does_not_name_a_private_view(api: ApiHarness, token: str) -> None:
    saved(api, token, name="Secret")
    assert [event["summary"] for event in stored_events(api)] == ["A view of one's own was saved"]
    assert "Secret" not in str(stored_events(api))
