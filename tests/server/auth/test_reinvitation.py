"""A token that is older than the invitation of its administrator opens nothing."""

from collections.abc import Iterator
from datetime import timedelta
from time import monotonic, sleep
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from domain.imports.records import ImportKind
from store.database.clock import utc_now
from tests.api_server import ApiHarness, running_shared_api
from tests.domain.imports.factory_records import administrator_record
from tests.jobs.imports.factory_imports import find_only, import_lines
from tests.prepared_database import PreparedDatabases
from tests.schema.factory_mutations import accept_terms, send_mutation, token_of
from tests.websocket_client import connect_websocket

ROLE = "{ viewer { administrator { role state } } }"
EMAIL = "ada@partner.example"
OLDER = "This token was issued before you were invited: sign in again."


@pytest.fixture(scope="module")
def shared_server(prepared_databases: PreparedDatabases) -> Iterator[ApiHarness]:
    with running_shared_api(prepared_databases) as api:
        yield api


@pytest.fixture
def api(shared_server: ApiHarness) -> ApiHarness:
    api = shared_server.with_new_partners()
    accept_terms(api)
    return api


def invite(api: ApiHarness, role: str) -> str:
    answer = send_mutation(
        api,
        token_of(api, "FULL_ADMINISTRATOR"),
        "inviteAdministrator",
        "administrator { id }",
        email=EMAIL,
        displayName="Ada",
        role=role,
    )
    return str(answer["administrator"]["id"])


def remove(api: ApiHarness, id_: str) -> None:
    full = token_of(api, "FULL_ADMINISTRATOR")
    assert send_mutation(api, full, "removeAdministrator", "administrator { id }", id=id_)["userErrors"] == []


def refusal(api: ApiHarness, token: str, query: str = ROLE) -> str | None:
    (error,) = api.execute(token, query).get("errors", [{"message": None}])
    message: str | None = error["message"]
    return message


def close_code(api: ApiHarness, token: str) -> tuple[int, str]:
    """Return how the server closes a websocket that is opened with the token."""
    with connect(f"{api.url.replace('http', 'ws', 1)}/graphql", subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        socket.send(orjson.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}).decode())
        with pytest.raises(ConnectionClosedError):
            socket.recv(timeout=10)
        return socket.close_code or 0, socket.close_reason or ""


def test_the_old_token_of_a_removed_administrator_stays_refused_after_a_new_invitation(api: ApiHarness) -> None:
    ada = invite(api, "HELPDESK_ADMINISTRATOR")
    old = api.token(ada)
    assert api.execute_data(old, ROLE)["viewer"]["administrator"]["role"] == "HELPDESK_ADMINISTRATOR"
    with connect_websocket(api.url, old) as feed:
        feed.subscribe("subscription { tagChanged { tagId } }")
        remove(api, ada)
        with pytest.raises(ConnectionClosedError, match="4403"):
            feed.receive()
    assert refusal(api, old) == "The administrator of this token does not exist or has been removed."
    assert invite(api, "FULL_ADMINISTRATOR") == ada
    assert refusal(api, old) == OLDER
    assert close_code(api, old) == (4403, OLDER)
    # The refused token has not accepted the invitation.
    assert stored_administrator(api)["state"] == "INVITED"
    assert api.execute_data(api.token(ada), ROLE)["viewer"]["administrator"] == {
        "role": "FULL_ADMINISTRATOR",
        "state": "ACTIVE",
    }
    assert refusal(api, old) == OLDER
    stream = {"query": "subscription { tagChanged { tagId } }"}
    assert api.http.post("/graphql/stream", json=stream, headers={"Authorization": f"Bearer {old}"}).status_code == 401


def test_a_token_from_before_the_first_invitation_is_refused(api: ApiHarness) -> None:
    ada = invite(api, "ADMINISTRATOR")
    invited_at = stored_administrator(api)["invited_at"]
    assert refusal(api, token_of_moment(api, ada, invited_at - timedelta(milliseconds=1))) == OLDER
    assert refusal(api, token_of_moment(api, ada, invited_at)) is None


def test_an_import_that_gives_access_back_does_not_revive_tokens(api: ApiHarness) -> None:
    deliver(api, state="ACTIVE")
    ada = stored_administrator(api)["_id"]
    old = api.token(ada)
    deliver(api, displayName="Ada L.")
    assert refusal(api, old) is None
    for states in (("DEACTIVATED", "ACTIVE"), ("INVITED",)):
        for state in states:
            deliver(api, state=state)
        # Another process made the change: the server knows of it when its feed delivers it.
        assert any(refusal(api, old) == OLDER for _ in until_late())
        old = api.token(ada)
        assert refusal(api, old) is None


def test_an_old_token_imports_nothing(api: ApiHarness) -> None:
    ada = invite(api, "FULL_ADMINISTRATOR")
    old = {"Authorization": f"Bearer {api.token(ada, scope='import')}"}
    assert api.http.post("/import/customers", content=b"", headers=old).status_code == 200
    remove(api, ada)
    invite(api, "FULL_ADMINISTRATOR")
    answer = api.http.post("/import/customers", content=b"", headers=old)
    assert (answer.status_code, answer.json()["error"]["message"]) == (401, OLDER)


def until_late() -> Iterator[None]:
    """Yield until far more time has passed than a feed needs."""
    end = monotonic() + 10
    while monotonic() < end:
        yield
        sleep(0.01)


def deliver(api: ApiHarness, **fields: Any) -> None:
    api.store(lambda scope: import_lines(scope, ImportKind.ADMINISTRATORS, administrator_record(**fields)))


def stored_administrator(api: ApiHarness) -> dict[str, Any]:
    return api.store(lambda scope: find_only(scope, "administrators", email=EMAIL))


def token_of_moment(api: ApiHarness, administrator_id: str, issued_at: Any) -> str:
    assert issued_at <= utc_now()
    return api.token(administrator_id, now=issued_at)
