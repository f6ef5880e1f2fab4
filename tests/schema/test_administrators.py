"""Who works for the partner and for which customers: invited, changed, removed, assigned."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from time import sleep
from typing import Any

import pytest

from domain.imports.records import ImportKind
from domain.time.instants import format_instant
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.api_server import ApiHarness
from tests.domain.imports.factory_records import administrator_record, customer_record
from tests.jobs.imports.factory_imports import import_lines
from tests.schema.factory_mutations import accept_terms, send_mutation, stored_events, token_of, user_error_codes
from tests.store.factory_customers import add_customer, add_customers

ADMINISTRATOR = "administrator { id email displayName role state version }"
ASSIGNED = "administrator { id } customers { externalId version assignments { administrator { id } expiresAt } }"
NOBODY = "adm_000000000000000000000000"


@pytest.fixture
def token(api: ApiHarness) -> str:
    """The only full administrator of an organization that has accepted the terms."""
    accept_terms(api)
    return token_of(api, "FULL_ADMINISTRATOR")


def _told(api: ApiHarness) -> list[tuple[str, str]]:
    return [(one["kind"], one["summary"]) for one in stored_events(api)]


def _invite(api: ApiHarness, token: str, email: str = "ada@b.example", role: str = "ADMINISTRATOR", **more: Any) -> Any:
    return send_mutation(
        api, token, "inviteAdministrator", ADMINISTRATOR, email=email, displayName="Ada", role=role, **more
    )


def test_somebody_is_invited_and_active_with_the_first_request(api: ApiHarness, token: str) -> None:
    made = _invite(api, token, " Ada@B.example ")
    ada = made["administrator"]
    assert (ada["email"], ada["state"], ada["version"], made["userErrors"]) == ("Ada@B.example", "INVITED", 1, [])
    assert user_error_codes(_invite(api, token, "ADA@b.EXAMPLE")) == [("TAKEN", ["input", "email"])]
    assert _invite(api, token, "zo\u00eb@b.example")["userErrors"] == []
    assert user_error_codes(_invite(api, token, "ZOE\u0308@b.example")) == [("TAKEN", ["input", "email"])]
    viewer = api.execute_data(api.token(ada["id"]), "{ viewer { administrator { state lastSignInAt } } }")["viewer"]
    assert viewer["administrator"]["state"] == "ACTIVE"
    assert _told(api)[0] == ("ADMINISTRATOR_INVITED", "Ada was invited as administrator")
    signed_in = "query($id: ID!) { node(id: $id) { ... on PartnerAdministrator { lastSignInAt } } }"
    while api.execute_data(token, signed_in, id=ada["id"])["node"]["lastSignInAt"] is None:
        pass


@pytest.mark.parametrize(
    ("email", "code"),
    [("", "BLANK"), ("a", "INVALID"), ("a@b", "INVALID"), ("a b@c.de", "INVALID"), ("@c.de", "INVALID")],
)
def test_a_bad_address_is_told_with_a_bad_name(api: ApiHarness, token: str, email: str, code: str) -> None:
    bad = send_mutation(
        api, token, "inviteAdministrator", ADMINISTRATOR, email=email, displayName="\t", role="ADMINISTRATOR"
    )
    assert user_error_codes(bad) == [("BLANK", ["input", "displayName"]), (code, ["input", "email"])]


def test_parallel_invitations_of_one_address_make_one(api: ApiHarness, token: str) -> None:
    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(lambda _: _invite(api, token), range(20)))
    assert [user_error_codes(one) for one in made if one["userErrors"]] == [[("TAKEN", ["input", "email"])]] * 19


def test_name_and_role_change_and_another_role_drops_the_customers(api: ApiHarness, token: str) -> None:
    ada = _invite(api, token)["administrator"]["id"]
    customer = api.store(lambda scope: add_customer(scope, "C1"))
    send_mutation(api, token, "assignAdministrator", ASSIGNED, administrator=ada, customers=[customer])
    changed = send_mutation(
        api,
        token,
        "changeAdministrator",
        ADMINISTRATOR,
        id=ada,
        version=1,
        displayName="Grace",
        role="READ_ONLY_ADMINISTRATOR",
    )["administrator"]
    assert (changed["displayName"], changed["role"], changed["version"]) == ("Grace", "READ_ONLY_ADMINISTRATOR", 2)
    assert api.execute_data(token, "{ customers { nodes { assignments { assignedAt } } } }")["customers"]["nodes"] == [
        {"assignments": []}
    ]
    assert _told(api)[2:] == [
        ("ADMINISTRATOR_ASSIGNED", "Ada was assigned to Customer C1"),
        ("ADMINISTRATOR_UNASSIGNED", "Ada is no longer assigned to Customer C1"),
        ("ADMINISTRATOR_CHANGED", "Ada is now called Grace and became read-only administrator"),
    ]
    wrong = send_mutation(
        api, token, "changeAdministrator", ADMINISTRATOR, id=ada, version=1, displayName=None, role=None
    )
    assert user_error_codes(wrong) == [
        ("STALE", ["input", "version"]),
        ("INVALID", ["input", "displayName"]),
        ("INVALID", ["input", "role"]),
    ]
    missing = send_mutation(api, token, "changeAdministrator", ADMINISTRATOR, id=NOBODY, displayName="X")
    assert user_error_codes(missing) == [("NOT_FOUND", ["input", "id"])]


def test_a_removed_administrator_is_out_and_can_be_invited_again(api: ApiHarness, token: str) -> None:
    ada = api.add_administrator("ADMINISTRATOR", email="ada@b.example", display_name="Ada")
    access = api.token(ada)
    assert "errors" not in api.execute(access, "{ viewer { permissions } }")
    removed = send_mutation(api, token, "removeAdministrator", ADMINISTRATOR, id=ada, idempotencyKey="k")
    assert removed["administrator"]["state"] == "DEACTIVATED"
    assert send_mutation(api, token, "removeAdministrator", ADMINISTRATOR, id=ada, idempotencyKey="k") == removed
    assert api.execute(access, "{ viewer { permissions } }")["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    listed = api.execute_data(token, "{ administrators { totalCount nodes { displayName } } }")["administrators"]
    assert listed == {"totalCount": 1, "nodes": [{"displayName": "Full_Administrator"}]}
    assert user_error_codes(
        send_mutation(api, token, "changeAdministrator", ADMINISTRATOR, id=ada, displayName="X")
    ) == [("WRONG_STATE", ["input", "id"])]
    again = _invite(api, token, role="HELPDESK_ADMINISTRATOR")["administrator"]
    assert (again["id"], again["state"], again["role"]) == (ada, "INVITED", "HELPDESK_ADMINISTRATOR")


def test_the_last_full_administrator_stays(api: ApiHarness, token: str) -> None:
    me = api.execute_data(token, "{ viewer { administrator { id } } }")["viewer"]["administrator"]["id"]
    _invite(api, token, role="FULL_ADMINISTRATOR")
    demoted = send_mutation(api, token, "changeAdministrator", ADMINISTRATOR, id=me, role="ADMINISTRATOR")
    assert user_error_codes(demoted) == [("LAST_FULL_ADMINISTRATOR", ["input", "role"])]
    assert user_error_codes(send_mutation(api, token, "removeAdministrator", ADMINISTRATOR, id=me)) == [
        ("LAST_FULL_ADMINISTRATOR", ["input", "id"])
    ]


REMOVE = "mutation($id: ID!) { removeAdministrator(input: {id: $id}) { userErrors { code } } }"
DEMOTE = "mutation($id: ID!) { changeAdministrator(input: {id: $id, role: ADMINISTRATOR}) { userErrors { code } } }"


@pytest.mark.parametrize("each_other", [True, False])
@pytest.mark.parametrize("ways", [(REMOVE, REMOVE), (DEMOTE, DEMOTE), (REMOVE, DEMOTE)])
def test_two_who_leave_at_once_leave_one(api: ApiHarness, token: str, ways: tuple[str, str], each_other: bool) -> None:
    keeper = api.execute_data(token, "{ viewer { administrator { id } } }")["viewer"]["administrator"]["id"]
    for _ in range(5):
        one, other = (api.add_administrator("FULL_ADMINISTRATOR") for _ in range(2))
        _put_administrator(api, keeper, role="READ_ONLY_ADMINISTRATOR")
        askers = (other, one) if each_other else (one, other)
        asked = [(way, api.token(who), whom) for way, who, whom in zip(ways, askers, (one, other), strict=True)]
        with ThreadPoolExecutor(2) as pool:
            said = [code for codes_ in pool.map(lambda ask: _refusals(api, *ask), asked) for code in codes_]
        # Whoever was quicker has taken the other's role, or access, away, or has left the other as the last.
        assert len(said) == 1 and said[0] in ("LAST_FULL_ADMINISTRATOR", "UNAUTHENTICATED", "FORBIDDEN")
        assert each_other or said == ["LAST_FULL_ADMINISTRATOR"]
        query = "{ administrators(role: [FULL_ADMINISTRATOR]) { nodes { id } } }"
        (left,) = api.execute_data(token, query)["administrators"]["nodes"]
        assert left["id"] in (one, other)
        _put_administrator(api, keeper, role="FULL_ADMINISTRATOR")
        _put_administrator(api, left["id"], state="DEACTIVATED")


def _put_administrator(api: ApiHarness, identity: str, **fields: str) -> None:
    async def work(scope: Scope) -> None:
        where = {**scope.match(), "_id": identity}
        await scope.collection("administrators").update_one(where, {"$set": fields})

    api.store(work)


def _refusals(api: ApiHarness, way: str, token: str, whom: str) -> list[str]:
    """The codes of errors and user errors."""
    answer = api.execute(token, way, id=whom)
    if "errors" in answer:
        return [error["extensions"]["code"] for error in answer["errors"]]
    (payload,) = answer["data"].values()
    return [error["code"] for error in payload["userErrors"]]


def test_customers_are_assigned_until_an_end_and_taken_back(api: ApiHarness, token: str) -> None:
    ada = api.add_administrator("ADMINISTRATOR", display_name="Ada")
    mine = api.token(ada)
    first, second = (api.store(partial(add_customer, external_id=f"C{number}")) for number in range(2))
    count = "{ customers { totalCount } }"
    assert api.execute_data(mine, count)["customers"]["totalCount"] == 0
    end = format_instant(utc_now() + timedelta(days=3))
    given = {"administrator": ada, "customers": [first, second]}
    made = send_mutation(api, token, "assignAdministrator", ASSIGNED, **given, expiresAt=end)
    held = [{"administrator": {"id": ada}, "expiresAt": end}]
    assert [(one["version"], one["assignments"]) for one in made["customers"]] == [(2, held)] * 2
    assert api.execute_data(mine, count)["customers"]["totalCount"] == 2
    again = send_mutation(
        api, token, "assignAdministrator", ASSIGNED, administrator=ada, customers=[first], expiresAt=end
    )
    assert again["customers"][0]["version"] == 2
    longer = send_mutation(api, token, "assignAdministrator", ASSIGNED, administrator=ada, customers=[first])
    assert longer["customers"][0]["assignments"] == [{"administrator": {"id": ada}, "expiresAt": None}]
    taken = send_mutation(api, token, "unassignAdministrator", ASSIGNED, **given)
    assert [one["assignments"] for one in taken["customers"]] == [[], []]
    assert api.execute_data(mine, count)["customers"]["totalCount"] == 0
    assert (
        send_mutation(api, token, "unassignAdministrator", ASSIGNED, administrator=ada, customers=[first])["userErrors"]
        == []
    )
    day = end[:10]
    assert [summary for kind, summary in _told(api) if kind.startswith("ADMINISTRATOR")] == [
        f"Ada was assigned to Customer C0 until {day}",
        f"Ada was assigned to Customer C1 until {day}",
        "Ada stays assigned to Customer C0",
        "Ada is no longer assigned to Customer C0",
        "Ada is no longer assigned to Customer C1",
    ]


def test_an_end_given_to_a_delivered_assignment_holds_and_a_repeated_file_keeps_it(api: ApiHarness, token: str) -> None:
    def deliver(kind: ImportKind, line: object) -> Any:
        return api.store(lambda scope: import_lines(scope, kind, line)).counts

    line = administrator_record(assigned=["C-1"])
    deliver(ImportKind.CUSTOMERS, customer_record())
    assert deliver(ImportKind.ADMINISTRATORS, line) == (1, 0, 0, 0)
    query = """{ customer(by: {externalId: "C-1"}) {
      id assignments { administrator { id } assignedBy { role } expiresAt } } }"""
    customer = api.execute_data(token, query)["customer"]
    (delivered,) = customer["assignments"]
    assert (delivered["assignedBy"], delivered["expiresAt"]) == (None, None)
    ada, end = delivered["administrator"]["id"], utc_now().replace(microsecond=0) + timedelta(seconds=3)
    given = {"administrator": ada, "customers": [customer["id"]], "expiresAt": format_instant(end)}
    assert send_mutation(api, token, "assignAdministrator", "__typename", **given)["userErrors"] == []
    held = {
        "administrator": {"id": ada},
        "assignedBy": {"role": "FULL_ADMINISTRATOR"},
        "expiresAt": format_instant(end),
    }
    assert api.execute_data(token, query)["customer"]["assignments"] == [held]
    count = "{ customers { totalCount } }"
    assert api.execute_data(api.token(ada), count)["customers"]["totalCount"] == 1
    told = len(stored_events(api))
    assert deliver(ImportKind.ADMINISTRATORS, line) == (0, 0, 1, 0)
    assert api.execute_data(token, query)["customer"]["assignments"] == [held]
    assert len(stored_events(api)) == told
    sleep(max(0.0, (end - utc_now()).total_seconds()) + 0.05)
    assert api.execute_data(api.token(ada), count)["customers"]["totalCount"] == 0
    assert deliver(ImportKind.ADMINISTRATORS, line) == (0, 0, 1, 0)
    assert api.execute_data(api.token(ada), count)["customers"]["totalCount"] == 0


@pytest.mark.parametrize("field", ["assignAdministrator", "unassignAdministrator", "removeAdministrator"])
def test_what_is_changed_here_is_no_longer_pending_for_an_interrupted_import(
    api: ApiHarness, token: str, field: str
) -> None:
    ada = api.add_administrator("ADMINISTRATOR", email="ada@b.example", display_name="Ada")
    customer = api.store(lambda scope: add_customer(scope, "C-1"))

    async def interrupt(scope: Scope) -> None:
        pending = {"id": "apd_1", "customers": ["C-1", "C-2"]}
        fields = {"assignments_pending": pending, "delivered": {"assigned": ["C-1", "C-2"]}}
        await scope.collection("administrators").update_one({**scope.match(), "_id": ada}, {"$set": fields})

    async def read_pending(scope: Scope) -> Any:
        stored = await scope.collection("administrators").find_one({**scope.match(), "_id": ada})
        return (stored or {}).get("assignments_pending")

    api.store(interrupt)
    given = {"id": ada} if field == "removeAdministrator" else {"administrator": ada, "customers": [customer]}
    assert send_mutation(api, token, field, "__typename", **given)["userErrors"] == []
    expected = None if field == "removeAdministrator" else {"id": "apd_1", "customers": ["C-2"]}
    assert api.store(read_pending) == expected


def test_every_mistake_of_an_assignment_is_told(api: ApiHarness, token: str) -> None:
    reader = api.add_administrator("READ_ONLY_ADMINISTRATOR")
    first = api.store(lambda scope: add_customer(scope, "C1"))
    foreign = api.store(lambda scope: add_customer(scope, "C1"), api.other)
    past = format_instant(utc_now())
    wrong = send_mutation(
        api,
        token,
        "assignAdministrator",
        ASSIGNED,
        administrator=reader,
        customers=[first, foreign, NOBODY],
        expiresAt=past,
    )
    assert user_error_codes(wrong) == [
        ("INVALID", ["input", "administrator"]),
        ("INVALID", ["input", "expiresAt"]),
        ("NOT_FOUND", ["input", "customers", "1"]),
        ("NOT_FOUND", ["input", "customers", "2"]),
    ]
    for whom in (NOBODY, first, api.add_administrator("ADMINISTRATOR", api.other)):
        missing = send_mutation(
            api, token, "unassignAdministrator", ASSIGNED, administrator=whom, customers=[first, first]
        )
        assert user_error_codes(missing) == [
            ("NOT_FOUND", ["input", "administrator"]),
            ("INVALID", ["input", "customers", "1"]),
        ]
    many = [f"cus_{number:024x}" for number in range(501)]
    ada = api.add_administrator("ADMINISTRATOR")
    assert user_error_codes(
        send_mutation(api, token, "assignAdministrator", ASSIGNED, administrator=ada, customers=many)
    ) == [("LIMIT_REACHED", ["input", "customers"])]
    assert stored_events(api)[1:] == []


def test_many_customers_are_dropped_behind_the_answer_and_do_not_come_back(api: ApiHarness, token: str) -> None:
    ada = api.add_administrator("ADMINISTRATOR", display_name="Ada")
    held = {
        "administrator_id": ada,
        "assigned_at": utc_now(),
        "assigned_by": None,
        "expires_at": None,
        "imported": True,
    }

    async def fill(scope: Scope) -> None:
        await add_customers(scope, [(f"C{number:03}", ()) for number in range(250)])
        change = {"$set": {"assignments": [held]}, "$push": {"keys": f"administrator:{ada}"}}
        for customer in await scope.collection("customers").find(scope.match(), {"_id": 1}):
            await scope.collection("customers").update_one({**scope.match(), "_id": customer["_id"]}, change)

    api.store(fill)
    assert api.execute_data(api.token(ada), "{ customers { totalCount } }")["customers"]["totalCount"] == 250
    send_mutation(api, token, "changeAdministrator", ADMINISTRATOR, id=ada, role="HELPDESK_ADMINISTRATOR")
    while (back := send_mutation(api, token, "changeAdministrator", ADMINISTRATOR, id=ada, role="ADMINISTRATOR"))[
        "userErrors"
    ]:
        assert user_error_codes(back) == [("WRONG_STATE", ["input", "role"])]
    assert api.execute_data(api.token(ada), "{ customers { totalCount } }")["customers"]["totalCount"] == 0
    assert len([kind for kind, _ in _told(api) if kind == "ADMINISTRATOR_UNASSIGNED"]) == 250


def test_a_dry_run_counts_the_assignments_that_another_role_drops(api: ApiHarness, token: str) -> None:
    ada = api.add_administrator("ADMINISTRATOR", display_name="Ada")
    customers = [api.store(partial(add_customer, external_id=f"C{number}")) for number in range(3)]
    assigned = {"administrator": ada, "customers": customers[:2]}
    assert send_mutation(api, token, "assignAdministrator", "__typename", **assigned)["userErrors"] == []
    before = stored_events(api)

    def change(**given: Any) -> tuple[str, int]:
        payload = send_mutation(
            api, token, "changeAdministrator", "administrator { role version } droppedAssignments", id=ada, **given
        )
        assert payload["userErrors"] == []
        return payload["administrator"]["role"], payload["droppedAssignments"]

    assert change(role="HELPDESK_ADMINISTRATOR", dryRun=True) == ("ADMINISTRATOR", 2)
    assert change(role="ADMINISTRATOR", dryRun=True) == ("ADMINISTRATOR", 0)
    assert change(displayName="Eve", dryRun=True) == ("ADMINISTRATOR", 0)
    assert stored_events(api) == before
    assert api.execute_data(api.token(ada), "{ customers { totalCount } }")["customers"]["totalCount"] == 2
    assert change(role="HELPDESK_ADMINISTRATOR") == ("HELPDESK_ADMINISTRATOR", 2)
    assert change(role="FULL_ADMINISTRATOR", dryRun=True) == ("HELPDESK_ADMINISTRATOR", 0)
    assert [one["kind"] for one in stored_events(api)[len(before) :]].count("ADMINISTRATOR_UNASSIGNED") == 2


def test_a_dry_run_finds_the_mistakes_of_the_change(api: ApiHarness, token: str) -> None:
    me = api.execute_data(token, "{ viewer { administrator { id } } }")["viewer"]["administrator"]["id"]
    refused = send_mutation(
        api, token, "changeAdministrator", "droppedAssignments", id=me, role="ADMINISTRATOR", dryRun=True
    )
    assert (refused["droppedAssignments"], user_error_codes(refused)) == (
        0,
        [("LAST_FULL_ADMINISTRATOR", ["input", "role"])],
    )


def test_administrators_are_listed_by_name_found_and_paged(api: ApiHarness, token: str) -> None:
    for name, role in (("Ada", "ADMINISTRATOR"), ("Édith Piaf", "HELPDESK_ADMINISTRATOR"), ("bob", "ADMINISTRATOR")):
        api.add_administrator(role, display_name=name, email=f"{name[0]}@mail-{name[-1]}.example")
    api.add_administrator("ADMINISTRATOR", display_name="Gone", state="DEACTIVATED")

    def names(arguments: str) -> list[str]:
        found = api.execute_data(token, f"{{ administrators{arguments} {{ nodes {{ displayName }} }} }}")
        return [row["displayName"] for row in found["administrators"]["nodes"]]

    assert names("") == ["Ada", "bob", "Édith Piaf", "Full_Administrator"]
    assert names("(role: [ADMINISTRATOR])") == ["Ada", "bob"]
    assert (names("(state: [ACTIVE, DEACTIVATED])"), names("(state: [DEACTIVATED])")) == (names(""), [])
    assert names("(state: [INVITED])") == []
    assert (names('(search: "edi pi")'), names('(search: "mail-b")'), names("(role: [])")) == (
        ["Édith Piaf"],
        ["bob"],
        [],
    )
    page = api.execute_data(token, "{ administrators(first: 2) { pageInfo { endCursor hasNextPage } totalCount } }")[
        "administrators"
    ]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (4, True)
    cursor = page["pageInfo"]["endCursor"]
    assert names(f'(first: 5, after: "{cursor}")') == ["Édith Piaf", "Full_Administrator"]
    assert names(f'(last: 1, before: "{cursor}")') == ["Ada"]
