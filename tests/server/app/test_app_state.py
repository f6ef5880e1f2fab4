"""`recheck`: a token that was accepted stops being so while long work goes on."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast

import pytest

from domain.failures import AdministratorNotActive, TokenOlderThanInvitation, TokenRevoked, Unauthenticated
from server.app.app_state import AppState
from server.auth.claims import Claims, TokenTimes
from server.auth.service_tokens import ServiceTokens
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.administrators import Administrators
from store.tenants.partner_creation import create_partner
from store.tenants.service_tokens import record_service_token, revoke_service_tokens

EMAIL = "root@partner.example"


@pytest.fixture
async def app_state(mongo_uri: str, prepared_database: str) -> AsyncIterator[AppState]:
    client, unused = Client(mongo_uri, prepared_database), cast(Any, None)
    await create_partner(Scope(client, "acme", utc_now()), "Acme Telecom", EMAIL, [])
    app_state = AppState(unused, client, unused, unused, unused, unused, unused)
    app_state.service_tokens = ServiceTokens(client, answer_seconds=0.0)
    yield app_state
    await client.close()


async def issue(client: Client, lifetime: timedelta = timedelta(hours=1)) -> Claims:
    scope = Scope(client, "acme", utc_now())
    times = TokenTimes(scope.now, scope.now + lifetime)
    administrator = await Administrators(scope).by_email(EMAIL)
    assert administrator is not None
    id_ = await record_service_token(scope, administrator.id, ["import"], "", times.expires_at)
    return Claims("acme", frozenset({"import"}), times, administrator.id, service_token_id=id_)


async def change(client: Client, **fields: Any) -> None:
    await client.collection("administrators").update_one({"partner_id": "acme"}, {"$set": fields})


async def test_long_work_ends_with_its_token_or_administrator(app_state: AppState) -> None:
    client = app_state.client
    kept, revoked = await issue(client), await issue(client)
    for claims in (kept, revoked):
        await app_state.recheck(claims)
    await revoke_service_tokens(client, {"_id": revoked.service_token_id})
    with pytest.raises(TokenRevoked):
        await app_state.recheck(revoked)
    await app_state.recheck(kept)
    with pytest.raises(Unauthenticated, match="has expired"):
        await app_state.recheck(await issue(client, timedelta(0)))
    await change(client, state="DEACTIVATED")
    with pytest.raises(AdministratorNotActive):
        await app_state.recheck(kept)
    await change(client, state="INVITED", invited_at=kept.issued_at + timedelta(milliseconds=1))
    with pytest.raises(TokenOlderThanInvitation):
        await app_state.recheck(kept)
    await app_state.recheck(await issue(client))
