"""The helpdesk: its contact, and the requests to it, which their authors and full administrators read and close."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from store.database.clock import utc_now
from tests.api_server import ApiHarness
from tests.factory_documents import DAY, assignment
from tests.schema.factory_mutations import ROLES, accept_terms, send_mutation, stored_events, token_of, user_error_codes
from tests.store.factory_customers import add_customer

REQUEST = "request { id topic subject message state customer { externalId } createdAt createdBy { id } }"
LISTED = """query($first: Int, $after: String) {
  helpdeskRequests(first: $first, after: $after) { totalCount nodes { id } pageInfo { endCursor } } }"""
NODE = "query($id: ID!) { node(id: $id) { id } }"


@pytest.fixture
def token(api: ApiHarness) -> str:
    """An administrator, who sees only what is assigned to them, of an organization that has accepted the terms."""
    accept_terms(api)
    return token_of(api, "ADMINISTRATOR")


def asked(api: ApiHarness, token: str, **given: Any) -> dict[str, Any]:
    """The payload of a request."""
    return send_mutation(
        api, token, "requestHelpdesk", REQUEST, **{"topic": "OTHER", "subject": "S", "message": "M", **given}
    )


def closed(api: ApiHarness, token: str, **given: Any) -> dict[str, Any]:
    return send_mutation(api, token, "closeHelpdeskRequest", "request { id state }", **given)


def listed(api: ApiHarness, token: str) -> list[str]:
    found = api.execute_data(token, LISTED)["helpdeskRequests"]
    assert found["totalCount"] == len(found["nodes"])
    return [one["id"] for one in found["nodes"]]


def told(api: ApiHarness) -> list[tuple[str, str | None, str]]:
    """Kind, customer and summary of every event of the helpdesk."""
    found = [event for event in stored_events(api) if event["kind"].startswith("HELPDESK")]
    return [(event["kind"], event["customer_id"], event["summary"]) for event in found]


@pytest.mark.parametrize("role", ROLES)
def test_everybody_reads_the_contact(api: ApiHarness, role: str) -> None:
    found = api.execute_data(token_of(api, role), "{ helpdesk { name phone email hours } }")["helpdesk"]
    assert found == {"name": "Partner helpdesk", "phone": None, "email": None, "hours": None}


def test_a_request_is_kept_cleaned_and_told_without_its_words(api: ApiHarness) -> None:
    accept_terms(api)
    holder = api.add_administrator("ADMINISTRATOR", display_name="Ada")
    customer = api.store(lambda scope: add_customer(scope, "ORG-1", assignments=[assignment(holder)]))
    given = {"topic": "CALLING", "subject": " No \t dial tone ", "message": " a\r\n b ", "customer": customer}
    made = asked(api, api.token(holder), **given)
    assert made["userErrors"] == []
    request = made["request"]
    assert request["createdAt"] and request["id"].startswith("hlp_")
    assert {name: request[name] for name in ("topic", "subject", "message", "state")} == {
        "topic": "CALLING",
        "subject": "No dial tone",
        "message": "a\n b",
        "state": "OPEN",
    }
    assert (request["customer"], request["createdBy"]) == ({"externalId": "ORG-1"}, {"id": holder})
    assert told(api) == [("HELPDESK_REQUESTED", None, "Ada asked the helpdesk for help")]
    assert stored_events(api)[-1]["subject_id"] == request["id"]


def test_every_mistake_is_told_at_once(api: ApiHarness, token: str) -> None:
    theirs = api.store(lambda scope: add_customer(scope, "THEIRS"))
    made = asked(api, token, subject="", message="x" * 5001, customer=theirs)
    assert made["request"] is None
    assert user_error_codes(made) == [
        ("BLANK", ["input", "subject"]),
        ("TOO_LONG", ["input", "message"]),
        ("NOT_FOUND", ["input", "customer"]),
    ]
    assert (told(api), listed(api, token)) == ([], [])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"subject": "x" * 200, "message": "y" * 5000}, []),
        ({"subject": "x" * 201}, [("TOO_LONG", ["input", "subject"])]),
        ({"subject": "a\x07b"}, [("INVALID", ["input", "subject"])]),
        ({"message": " \n\u200b"}, [("BLANK", ["input", "message"])]),
        ({"message": "a\x00b"}, [("INVALID", ["input", "message"])]),
        ({"customer": "adm_000000000000000000000000"}, [("NOT_FOUND", ["input", "customer"])]),
        ({"customer": None}, []),
    ],
)
def test_the_bounds_of_a_request(api: ApiHarness, token: str, given: Any, expected: Any) -> None:
    assert user_error_codes(asked(api, token, **given)) == expected


def test_whoever_wrote_it_and_full_administrators_read_it(api: ApiHarness, token: str) -> None:
    first, second = (asked(api, token, subject=subject)["request"]["id"] for subject in "ab")
    full, other = token_of(api, "FULL_ADMINISTRATOR"), token_of(api, "HELPDESK_ADMINISTRATOR")
    own = asked(api, other)["request"]["id"]
    assert listed(api, token) == [second, first]
    assert listed(api, full) == [own, second, first]
    assert listed(api, other) == [own]
    seen = {viewer: api.execute_data(viewer, NODE, id=first)["node"] for viewer in (token, full, other)}
    assert list(seen.values()) == [{"id": first}, {"id": first}, None]
    stranger = token_of(api, "FULL_ADMINISTRATOR", api.other)
    assert (listed(api, stranger), api.execute_data(stranger, NODE, id=first)["node"]) == ([], None)


def test_pages_of_requests(api: ApiHarness, token: str) -> None:
    made = [asked(api, token)["request"]["id"] for _ in range(3)]
    first = api.execute_data(token, LISTED, first=2)["helpdeskRequests"]
    assert [one["id"] for one in first["nodes"]] == made[:0:-1]
    second = api.execute_data(token, LISTED, first=2, after=first["pageInfo"]["endCursor"])["helpdeskRequests"]
    assert ([one["id"] for one in second["nodes"]], second["totalCount"]) == (made[:1], 3)
    other = token_of(api, "FULL_ADMINISTRATOR")
    answer = api.execute(other, LISTED, after=first["pageInfo"]["endCursor"])
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


def test_a_customer_out_of_sight_is_not_shown(api: ApiHarness) -> None:
    accept_terms(api)
    holder = api.add_administrator("ADMINISTRATOR")
    held = assignment(holder, expires_at=utc_now() + DAY)
    customer = api.store(lambda scope: add_customer(scope, "ORG-1", assignments=[held]))
    request = asked(api, api.token(holder), customer=customer)["request"]["id"]

    async def expire(scope: Any) -> None:
        over = {"$set": {"assignments.0.expires_at": utc_now() - DAY}}
        await scope.collection("customers").update_one({**scope.match(), "_id": customer}, over)

    api.store(expire)
    query = "query($id: ID!) { node(id: $id) { ... on HelpdeskRequest { customer { id } } } }"
    assert api.execute_data(api.token(holder), query, id=request)["node"] == {"customer": None}
    full = token_of(api, "FULL_ADMINISTRATOR")
    assert api.execute_data(full, query, id=request)["node"] == {"customer": {"id": customer}}


def test_closing_is_told_once_and_repeating_it_does_nothing(api: ApiHarness, token: str) -> None:
    request = asked(api, token)["request"]["id"]
    done = {"request": {"id": request, "state": "CLOSED"}, "userErrors": []}
    assert closed(api, token, id=request, idempotencyKey="k") == done
    assert closed(api, token, id=request, idempotencyKey="k") == done
    assert closed(api, token_of(api, "FULL_ADMINISTRATOR"), id=request) == done
    assert [kind for kind, _, _ in told(api)] == ["HELPDESK_REQUESTED", "HELPDESK_CLOSED"]
    assert told(api)[1][2] == "A helpdesk request of Administrator was closed"


def test_closed_by_many_at_once_it_is_told_once(api: ApiHarness, token: str) -> None:
    request = asked(api, token)["request"]["id"]
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: closed(api, token, id=request), range(16)))
    assert all(one == {"request": {"id": request, "state": "CLOSED"}, "userErrors": []} for one in done)
    assert [kind for kind, _, _ in told(api)] == ["HELPDESK_REQUESTED", "HELPDESK_CLOSED"]


def test_a_full_administrator_closes_any_and_others_only_their_own(api: ApiHarness, token: str) -> None:
    request = asked(api, token)["request"]["id"]
    for role in ROLES[1:]:
        other = token_of(api, role)
        answers = [
            closed(api, other, id=identity) for identity in (request, "hlp_000000000000000000000000", "", "cus_x")
        ]
        assert [user_error_codes(answer) for answer in answers] == [[("NOT_FOUND", ["input", "id"])]] * 4
        assert all(answer == answers[0] for answer in answers)
    assert closed(api, token_of(api, "FULL_ADMINISTRATOR"), id=request)["userErrors"] == []


def test_the_same_key_gives_the_first_answer(api: ApiHarness, token: str) -> None:
    first = asked(api, token, idempotencyKey="k")
    assert asked(api, token, idempotencyKey="k") == first
    closed(api, token, id=first["request"]["id"])
    assert asked(api, token, idempotencyKey="k")["request"] == {**first["request"], "state": "CLOSED"}
    assert user_error_codes(asked(api, token, subject="T", idempotencyKey="k")) == [
        ("KEY_REUSED", ["input", "idempotencyKey"])
    ]
    assert len(listed(api, token)) == 1


def test_a_closed_request_names_when_and_by_whom_and_lists_by_state(api: ApiHarness, token: str) -> None:
    still_open, done = (asked(api, token)["request"]["id"] for _ in range(2))
    full = api.add_administrator("FULL_ADMINISTRATOR")
    closed(api, api.token(full), id=done)
    query = """query($state: [HelpdeskRequestState!]) {
      helpdeskRequests(state: $state) { totalCount nodes { id closedAt closedBy { id } } } }"""

    def read(**given: Any) -> list[dict[str, Any]]:
        page = api.execute_data(token, query, **given)["helpdeskRequests"]
        assert page["totalCount"] == len(page["nodes"])
        nodes: list[dict[str, Any]] = page["nodes"]
        return nodes

    assert read(state=["OPEN"]) == [{"id": still_open, "closedAt": None, "closedBy": None}]
    [request] = read(state=["CLOSED"])
    assert (request["id"], request["closedBy"]) == (done, {"id": full})
    assert request["closedAt"] is not None
    first = request["closedAt"]
    closed(api, token, id=done)
    [request] = read(state=["CLOSED"])
    assert (request["closedAt"], request["closedBy"]) == (first, {"id": full})
    assert (len(read()), len(read(state=None)), read(state=[]), len(read(state=["OPEN", "CLOSED"]))) == (2, 2, [], 2)


def test_requests_page_backwards(api: ApiHarness, token: str) -> None:
    ids = [asked(api, token)["request"]["id"] for _ in range(3)]
    query = """query($before: String) { helpdeskRequests(last: 2, before: $before) {
      nodes { id } pageInfo { startCursor hasPreviousPage } } }"""
    last = api.execute_data(token, query)["helpdeskRequests"]
    before = api.execute_data(token, query, before=last["pageInfo"]["startCursor"])["helpdeskRequests"]
    assert [[node["id"] for node in page["nodes"]] for page in (last, before)] == [[ids[1], ids[0]], [ids[2]]]
    assert (last["pageInfo"]["hasPreviousPage"], before["pageInfo"]["hasPreviousPage"]) == (True, False)
