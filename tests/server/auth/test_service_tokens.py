"""Service tokens: recorded, checked once a second, and refused soon after they were revoked."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from domain.failures import TokenRevoked, Unavailable
from server.auth.claims import Claims, TokenTimes
from server.auth.service_tokens import ANSWER_SECONDS, ServiceTokens
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.service_tokens import (
    list_service_tokens,
    record_service_token,
    revoke_service_tokens,
)


@pytest.fixture
async def client(mongo_uri: str, prepared_database: str) -> AsyncIterator[Client]:
    client = Client(mongo_uri, prepared_database)
    yield client
    await client.close()


async def issue(client: Client, partner_id: str = "acme", **fields: Any) -> Claims:
    now = utc_now()
    times = TokenTimes(now, now + timedelta(hours=1))
    id_ = await record_service_token(Scope(client, partner_id, now), "adm_1", ["import"], "nightly", times.expires_at)
    return Claims(partner_id, frozenset({"import"}), times, "adm_1", service_token_id=id_)


async def test_two_processes_refuse_a_revoked_token_within_two_seconds(client: Client) -> None:
    claims = await issue(client)
    processes = [ServiceTokens(client), ServiceTokens(client)]
    for tokens in processes:
        await tokens.check(claims)
    assert await revoke_service_tokens(client, {"_id": claims.service_token_id}) == 1
    revoked_at, refused = monotonic(), 0
    while refused < 2:
        refused = 0
        for tokens in processes:
            try:
                await tokens.check(claims)
            except TokenRevoked:
                refused += 1
        # More than the two seconds that are promised: the machine may be busy.
        assert ANSWER_SECONDS <= 1 and monotonic() - revoked_at < 10
        await asyncio.sleep(0.01)
    assert await revoke_service_tokens(client, {"_id": claims.service_token_id}) == 0


async def test_a_token_that_is_not_recorded_is_refused(client: Client) -> None:
    claims = await issue(client)
    tokens = ServiceTokens(client)
    for wrong in ({"service_token_id": "svc_1"}, {"partner_id": "other"}):
        with pytest.raises(TokenRevoked):
            await tokens.check(Claims(**{**_fields(claims), **wrong}))
    await tokens.check(Claims(**{**_fields(claims), "service_token_id": None}))


def _fields(claims: Claims) -> dict[str, Any]:
    return {name: getattr(claims, name) for name in Claims.__struct_fields__}


class CountingClient(Client):
    """Counts how often a collection is asked for; fails where the database is to be down."""

    asked = 0
    is_down = False

    def collection(self, name: str) -> Any:
        if self.is_down:
            raise TimeoutError
        self.asked += 1
        return super().collection(name)


async def test_a_thousand_requests_ask_the_database_a_few_times(mongo_uri: str, client: Client) -> None:
    claims = await issue(client)
    counting = CountingClient(mongo_uri, client.database_name)
    tokens = ServiceTokens(counting)
    began = monotonic()
    await asyncio.gather(*(tokens.check(claims) for _ in range(500)))
    for _ in range(500):
        await tokens.check(claims)
    # One read and one note of the use, and one read more for each second that this took.
    assert counting.asked <= 2 + int(monotonic() - began) + 1
    await counting.close()


async def test_the_last_answer_holds_while_the_database_is_down(mongo_uri: str, client: Client) -> None:
    claims, other = await issue(client), await issue(client)
    counting = CountingClient(mongo_uri, client.database_name)
    tokens = ServiceTokens(counting, answer_seconds=0.0)
    await tokens.check(claims)
    counting.is_down = True
    await tokens.check(claims)
    with pytest.raises(Unavailable):
        await tokens.check(other)
    counting.is_down = False
    await revoke_service_tokens(client, {"_id": claims.service_token_id})
    with pytest.raises(TokenRevoked):
        await tokens.check(claims)
    await counting.close()


async def test_a_cancelled_request_does_not_prolong_the_last_answer(client: Client) -> None:
    claims, tokens = await issue(client), ServiceTokens(client, answer_seconds=0.0)
    await tokens.check(claims)
    await revoke_service_tokens(client, {"_id": claims.service_token_id})
    cancelled = asyncio.create_task(tokens.check(claims))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(TokenRevoked):
        await tokens.check(claims)


async def test_a_partners_tokens_are_listed_and_revoked_together(client: Client) -> None:
    mine = [await issue(client) for _ in range(3)]
    other = await issue(client, "other")
    listed = await list_service_tokens(client, "acme")
    assert {token.id for token in listed} == {claims.service_token_id for claims in mine}
    assert len(await list_service_tokens(client)) == 4
    assert await revoke_service_tokens(client, {"partner_id": "acme"}) == 3
    await ServiceTokens(client).check(other)
