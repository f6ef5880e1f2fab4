"""Who is let in: living administrators of the token's own partner, with a token that was issued for the API."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from domain.permissions import ROLE_PERMISSIONS
from domain.types import PartnerRole
from store.database.client import Document
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.api_server import ApiHarness, running_shared_api
from tests.prepared_database import PreparedDatabases
from tests.schema.factory_mutations import accept_terms

ME = """
{ viewer { permissions administrator {
  id email displayName role state seesAllCustomers version lastSignInAt
} } }
"""


@pytest.fixture(scope="module")
def shared_server(prepared_databases: PreparedDatabases) -> Iterator[ApiHarness]:
    with running_shared_api(prepared_databases) as api:
        yield api


@pytest.fixture
def api(shared_server: ApiHarness) -> ApiHarness:
    return shared_server.with_new_partners()


def refused(answer: dict[str, Any]) -> bool:
    return "data" not in answer and [e["extensions"]["code"] for e in answer["errors"]] == ["UNAUTHENTICATED"]


def stored(api: ApiHarness, administrator_id: str) -> Document:
    async def work(scope: Scope) -> Document:
        found = await scope.collection("administrators").find_one({**scope.match(), "_id": administrator_id})
        assert found is not None
        return found

    return api.store(work)


def events(api: ApiHarness) -> list[Document]:
    async def work(scope: Scope) -> list[Document]:
        return await scope.collection("events").find(scope.match())

    return api.store(work)


def test_each_role_is_told_what_it_may_do(api: ApiHarness) -> None:
    for role in PartnerRole:
        identity = api.add_administrator(role, display_name=f"One {role}", email=f"{role.lower()}@Partner.example")
        viewer = api.execute_data(api.token(identity), ME)["viewer"]
        assert viewer["permissions"] == list(ROLE_PERMISSIONS[role])
        assert viewer["administrator"] == {
            "id": identity,
            "email": f"{role.lower()}@Partner.example",
            "displayName": f"One {role}",
            "role": role,
            "state": "ACTIVE",
            "seesAllCustomers": role != "ADMINISTRATOR",
            "version": 1,
            "lastSignInAt": None,
        }


def test_an_invited_administrator_becomes_active_with_the_first_valid_request(api: ApiHarness) -> None:
    identity = api.add_administrator("ADMINISTRATOR", state="INVITED")
    assert refused(api.execute(api.token(identity, ttl=timedelta(seconds=0)), ME))
    assert stored(api, identity)["state"] == "INVITED"
    token = api.token(identity)
    assert api.execute_data(token, ME)["viewer"]["administrator"]["state"] == "ACTIVE"
    assert (stored(api, identity)["state"], stored(api, identity)["version"]) == ("ACTIVE", 2)
    assert api.execute_data(token, ME)["viewer"]["administrator"]["version"] == 2
    (event,) = events(api)
    assert (event["kind"], event["subject_id"], event["actor_id"]) == ("ADMINISTRATOR_CHANGED", identity, identity)
    assert event["changes"] == {"state": ["INVITED", "ACTIVE"]}


REMOVE = "mutation($id: ID!) { removeAdministrator(input: {id: $id}) { userErrors { code } } }"


def test_a_removed_administrator_is_out_at_once(api: ApiHarness) -> None:
    keeper = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
    accept_terms(api)
    for _ in range(5):
        identity = api.add_administrator("FULL_ADMINISTRATOR", last_sign_in_at=utc_now())
        token = api.token(identity)
        for _ in range(3):
            api.execute_data(token, ME)
        assert api.execute_data(keeper, REMOVE, id=identity) == {"removeAdministrator": {"userErrors": []}}
        assert refused(api.execute(token, ME))
        assert stored(api, identity)["state"] == "DEACTIVATED"


def test_nobody_is_anybody_in_another_partner(api: ApiHarness) -> None:
    identity = api.add_administrator("FULL_ADMINISTRATOR", partner=api.other)
    assert refused(api.execute(api.token(identity, partner=api.partner), ME))
    assert refused(api.execute(api.token(identity, partner="nobody"), ME))
    assert refused(api.execute(api.token("adm_000000000000000000000000"), ME))
    assert api.execute_data(api.token(identity, partner=api.other), ME)["viewer"]["administrator"]["id"] == identity


@pytest.mark.parametrize("scope", ["import", "import import:administrators", "", "API", "apis"])
def test_a_token_for_imports_is_no_token_for_the_api(api: ApiHarness, scope: str) -> None:
    identity = api.add_administrator("FULL_ADMINISTRATOR")
    assert refused(api.execute(api.token(identity, scope=scope), ME))
    is_service_token = "import" in scope
    assert refused(api.execute(api.token(identity, scope=f"{scope} api"), ME)) is is_service_token
