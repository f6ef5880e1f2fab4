"""Kept responses: always equal to fresh ones, after any interleaving of writes, and only of fields that may be kept."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from graphql import GraphQLObjectType
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.imports.records import ImportKind
from jobs.imports.runner import import_stream
from schema.build import build_schema
from server.graphql import kept_responses
from server.graphql.kept_fields import KEPT_FIELDS
from server.graphql.operations import Operations
from tests.api_server import ApiHarness

QUERY = """query ($filter: CustomerFilter) { customers(filter: $filter, first: 50) {
  totalCount facets { status { value count } tag { value { name } count } }
  nodes { id name statuses version lastAdministratorSignInAt statusDetails { status since reason }
    tags { id name color } licenses { product total }
    trials(includeEnded: true) { id state endsAt licenses { product total } }
    subscriptions { number state endsAt renewsAt licenses { total assigned } } } } }"""
NOW = datetime.now(UTC)
OPERATIONS = Operations(build_schema())


class World:
    """A partner with three customers, its writes, and reads with and without kept responses."""

    def __init__(self, api: ApiHarness) -> None:
        self.api = api
        self.token = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
        self.seen = "0"
        self.serial = 0
        self.refused: list[dict[str, str]] = []
        version = self._data("{ viewer { partner { setup { termsVersion } } } }")["viewer"]["partner"]["setup"]
        self.write("acceptTerms", "AcceptTermsInput", {"termsVersion": version["termsVersion"]})
        for number in range(3):
            self.deliver(number)
        # Only a customer that was created here can be renamed here.
        licenses = [{"product": "MEETINGS", "licenses": 1}]
        self.write("startTrial", "StartTrialInput", {"customer": {"new": {"name": "Ours"}}, "licenses": licenses})

    def read(self, *, is_fresh: bool, **variables: Any) -> Any:
        # A later change than any: the answer must then be read anew.
        seen = str(1 << 63) if is_fresh else self.seen
        answer = self._post(QUERY, variables, {"X-Partnerhub-Seen": seen}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def write(self, name: str, input_type: str, values: dict[str, Any]) -> None:
        text = f"mutation ($input: {input_type}!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
        answer = self._post(text, {"input": values}, {})
        self.refused = answer.json()["data"][name]["userErrors"]
        self.seen = max(self.seen, answer.headers.get("X-Partnerhub-Seen", "0"), key=int)

    def deliver(self, number: int) -> None:
        """Deliver a customer and its subscription; what they say differs each time."""
        self.serial += 1
        signed_in = NOW - timedelta(days=self.serial % 100)
        customer = {"externalId": f"C-{number}", "name": f"Customer {number}", "managedBy": "PARTNER_ORGANIZATION"}
        lines = [{"product": "CALLING", "total": 9, "assigned": self.serial % 12}]
        start = NOW - timedelta(days=40)
        subscription = {"number": f"S-{number}", "customer": f"C-{number}", "licenses": lines, "autoRenew": True}
        dates = {"addedAt": start, "startsAt": start, "endsAt": NOW + timedelta(days=40)}
        self._import(ImportKind.CUSTOMERS, {**customer, "lastAdministratorSignInAt": signed_in})
        self._import(ImportKind.SUBSCRIPTIONS, {**subscription, **dates})

    def customer(self, number: int) -> dict[str, Any]:
        nodes: list[dict[str, Any]] = self.read(is_fresh=True)["customers"]["nodes"]
        return nodes[number % len(nodes)]

    def _import(self, kind: ImportKind, record: dict[str, Any]) -> None:
        async def stream() -> AsyncIterator[bytes]:
            yield orjson.dumps(record) + b"\n"

        assert self.api.store(lambda scope: import_stream(scope, kind, stream())).refused == 0
        # No answer names the time of this change: a caller who knows of it demands a later state than any.
        self.seen = str(1 << 63)

    def _data(self, text: str) -> Any:
        return self._post(text, {}, {}).json()["data"]

    def _post(self, text: str, variables: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
        body = {"query": text, "variables": variables}
        return self.api.http.post("/graphql", json=body, headers={"Authorization": f"Bearer {self.token}", **headers})


def _tag(world: World, number: int) -> None:
    world.write("createTag", "CreateTagInput", {"name": f"Tag {number}"})
    tags = {tag["name"]: tag["id"] for tag in world._data("{ tags { id name } }")["tags"]}
    chosen = {"customers": {"ids": [world.customer(number)["id"]]}, "tags": [tags[f"Tag {number}"]]}
    name, kind = (
        ("removeTags", "RemoveTagsInput") if world.customer(number)["tags"] else ("assignTags", "AssignTagsInput")
    )
    world.write(name, kind, chosen)
    assert world.refused == []


def _rename(world: World, number: int) -> None:
    world.serial += 1
    ours = next(each for each in world.read(is_fresh=True)["customers"]["nodes"] if each["name"].startswith("Ours"))
    values = {"id": ours["id"], "version": ours["version"], "name": f"Ours {number} {world.serial}"}
    world.write("updateCustomer", "UpdateCustomerInput", values)
    assert world.refused == []


def _start_trial(world: World, number: int) -> None:
    licenses = [{"product": "MEETINGS", "licenses": number + 1}]
    values = {"customer": {"id": world.customer(number)["id"]}, "licenses": licenses, "days": 5 + number}
    world.write("startTrial", "StartTrialInput", values)


WRITES: dict[str, Callable[[World, int], None]] = {
    "tag": _tag,
    "rename": _rename,
    "start a trial": _start_trial,
    "deliver": lambda world, number: world.deliver(number),
}
FILTERS = st.sampled_from([None, {"status": ["LICENSE_OVERAGE"]}, {"hasTags": True}, {"search": "customer"}])
STEPS = st.lists(st.tuples(st.sampled_from(["read", "read", *WRITES]), st.integers(0, 2), FILTERS), max_size=14)


def _hits() -> float:
    return float(kept_responses._HITS._value.get())


@pytest.fixture(scope="module")
def world(shared_server: ApiHarness) -> World:
    return World(shared_server.with_new_partners())


def test_a_kept_response_equals_a_fresh_one_after_any_writes(world: World) -> None:
    before = _hits()

    @settings(max_examples=12, deadline=None)
    @given(STEPS)
    def check(steps: list[tuple[str, int, Any]]) -> None:
        for kind, number, chosen in steps:
            if kind != "read":
                WRITES[kind](world, number)
            # A job may change something between two reads: the kept response is then one of both.
            around = [world.read(is_fresh=True, filter=chosen)]
            kept = [world.read(is_fresh=False, filter=chosen) for _ in range(2)]
            around.append(world.read(is_fresh=True, filter=chosen))
            assert all(each in around for each in kept)
            world.seen = "0" if kind == "read" else world.seen

    check()
    assert _hits() > before


def test_a_repeated_query_is_answered_from_what_is_kept_until_a_write(world: World) -> None:
    world.seen = "0"
    name = "repeated"
    world.read(is_fresh=False, filter={"search": name})
    before = _hits()
    world.read(is_fresh=False, filter={"search": name})
    assert _hits() == before + 1
    _rename(world, 0)
    world.read(is_fresh=False, filter={"search": name})
    assert _hits() == before + 1


def test_an_administrator_of_single_customers_gets_nothing_that_was_kept(world: World) -> None:
    world.seen = "0"
    for _ in range(2):
        world.read(is_fresh=False)
    before, token = _hits(), world.api.token(world.api.add_administrator("ADMINISTRATOR"))
    assert world.api.execute_data(token, QUERY)["customers"]["nodes"] == []
    assert _hits() == before


@pytest.mark.parametrize(
    "text",
    [
        'mutation { createTag(input: {name: "a"}) { tag { id } } }',
        "{ feedCursor customers { nodes { id } } }",
        "{ customers { nodes { trials { daysRemaining } } } }",
        "{ customers { nodes { assignments { assignedAt } } } }",
        "{ customers(filter: {expiresWithinDays: 3}) { totalCount } }",
        "{ customers(filter: {anyOf: [{kpi: {kind: NEARING_RENEWAL}}]}) { totalCount } }",
        "{ customers { nodes { ...A } } } fragment A on Customer { tags { customerCount } }",
        "{ viewer { permissions } }",
    ],
)
def test_what_time_or_the_viewer_changes_is_not_kept(text: str) -> None:
    assert not OPERATIONS.prepare(text, None).may_be_kept


def test_every_field_that_may_be_kept_exists() -> None:
    schema = OPERATIONS.graphql_schema
    for type_name, names in KEPT_FIELDS.items():
        graphql_type = schema.type_map[type_name]
        assert isinstance(graphql_type, GraphQLObjectType)
        assert names <= set(graphql_type.fields), type_name
    assert OPERATIONS.prepare(QUERY, None).may_be_kept
